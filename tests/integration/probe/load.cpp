// What presses against a limit: processes, processor time, memory, openings of devices.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "probe.hpp"

namespace probe {
namespace {

constexpr long million = 1'000'000;

long milliseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1000 + now.tv_nsec / million;
}

/// What the processes of a bomb share.
struct Bomb {
  std::atomic<long> forks, error;
};

/// Forks for as long as it may, in each process: on and on against a limit, but never more than `most` in
/// all.
[[noreturn]] void explode(Bomb& bomb, long most) {
  while (bomb.forks < most) {
    const pid_t pid = fork();
    if (pid > 0) ++bomb.forks;
    if (pid < 0) bomb.error = errno;
    if (pid < 0) usleep(5000);
  }
  for (;;) pause();
}

/// bomb MOST: a fork bomb, told of when a fork failed first: "bomb.errno". It ends with the container;
/// without a limit it has MOST processes.
void bomb(Words w) {
  void* memory = mmap(nullptr, sizeof(Bomb), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(70);
  auto& shared = *new (memory) Bomb{};
  const long most = number(w[0]);
  if (fork() == 0) explode(shared, most);
  while (shared.error == 0 && shared.forks < most) usleep(1000);
  say("bomb.errno", shared.error);
  for (;;) pause();
}

/// burn MS: a busy loop for so long; how much of the processor it got: "burn.ms".
void burn(Words w) {
  say("burning", 1);
  const long end = milliseconds(CLOCK_MONOTONIC) + number(w[0]);
  const long before = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  while (milliseconds(CLOCK_MONOTONIC) < end) {
  }
  say("burn.ms", milliseconds(CLOCK_PROCESS_CPUTIME_ID) - before);
}

/// fill MIB: has so much memory of its own, for as long as it lives.
void fill(Words w) {
  const std::size_t size = static_cast<std::size_t>(number(w[0])) << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return say_errno("fill", -1);
  std::memset(memory, 1, size);
  say("filled", w[0]);
}

/// Whether the cgroup lets it be opened, be there a device behind it or not.
bool may_open(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno != EPERM;
  close(fd);
  return true;
}

/// hammer DENIED ALLOWED MS: opens both for so long, and counts what a cgroup decided otherwise.
void hammer(Words w) {
  const long end = milliseconds(CLOCK_MONOTONIC) + number(w[2]);
  long opened = 0, refused = 0, rounds = 0;
  say("hammering", 1);
  for (; milliseconds(CLOCK_MONOTONIC) < end; ++rounds) {
    opened += may_open(w[0]);
    refused += !may_open(w[1]);
  }
  say("hammer.opened", opened);
  say("hammer.refused", refused);
  say("hammer.rounds", rounds);
}

constexpr Verb verbs[] = {
    {"bomb", 1, bomb},
    {"burn", 1, burn},
    {"fill", 1, fill},
    {"hammer", 3, hammer},
};

}  // namespace

std::span<const Verb> load_verbs() { return verbs; }

}  // namespace probe
