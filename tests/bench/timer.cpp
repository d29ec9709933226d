// Times the starts of one container by several runtimes, one after the other in turn, so that whatever else
// the machine does falls on all alike. Prints its samples as JSON; tests/bench/start makes sense of them.
//
//   timer COUNT QUIET_MS BUNDLE STATE_ROOT NAME=PATH...
//
// A round is, for each runtime: `run`, then `create`, an `exec` of /true, `start`, the payload's end,
// `delete`. QUIET_MS of sleep come before `run`, `create` and `exec` (cold starts); 0 is a tight loop. The
// exec goes into the created container, which needs no payload that stays. The program is static and small on
// purpose: a vfork'd child has its parent's memory until it executes, and wait4(2) reports the larger peak of
// the two.
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Peer {
  std::string name, path, root;
  std::vector<long> run, create, exec, start, remove;  // nanoseconds
  std::vector<long> memory;                            // KiB, the peak of `run` and all that it waited for
};

long now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

[[noreturn]] void give_up(const Peer& peer, const char* command, int errors) {
  char text[4096] = "";
  const ssize_t n = pread(errors, text, sizeof text - 1, 0);
  std::fprintf(stderr, "%s %s failed: %.*s\n", peer.name.c_str(), command, static_cast<int>(n > 0 ? n : 0),
               text);
  std::exit(1);
}

/// One command of a runtime, to its end: how long it took.
long timed(Peer& peer, std::vector<const char*> words, bool with_memory = false) {
  static const int errors = memfd_create("stderr", MFD_CLOEXEC);
  static const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  const char* command = words[0];
  words.insert(words.begin(), {peer.path.c_str(), "--root", peer.root.c_str()});
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, nothing, 0);
  posix_spawn_file_actions_adddup2(&files, nothing, 1);
  posix_spawn_file_actions_adddup2(&files, errors, 2);
  static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};
  pid_t pid = 0;
  int status = 0;
  rusage usage{};
  const long began = now();
  const int error =
      posix_spawn(&pid, peer.path.c_str(), &files, nullptr, const_cast<char**>(words.data()), environment);
  if (error != 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) give_up(peer, command, errors);
  const long took = now() - began;
  posix_spawn_file_actions_destroy(&files);
  if (with_memory) peer.memory.push_back(usage.ru_maxrss);
  return took;
}

void round_of(Peer& peer, const char* bundle, useconds_t quiet) {
  static const char id[] = "bench";
  usleep(quiet);
  peer.run.push_back(timed(peer, {"run", "--bundle", bundle, id}, true));
  usleep(quiet);
  peer.create.push_back(timed(peer, {"create", "--bundle", bundle, id}));
  usleep(quiet);
  peer.exec.push_back(timed(peer, {"exec", id, "/true"}));
  peer.start.push_back(timed(peer, {"start", id}));
  // the payload is ours now (subreaper): it must have ended, or `delete` would be asked too early
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  peer.remove.push_back(timed(peer, {"delete", id}));
}

void print(const char* key, const std::vector<long>& values, const char* end) {
  std::printf("\"%s\": [", key);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%ld", i == 0 ? "" : ", ", values[i]);
  std::printf("]%s", end);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: timer COUNT QUIET_MS BUNDLE STATE_ROOT NAME=PATH...\n");
    return 2;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const int count = std::atoi(argv[1]);
  const auto quiet = static_cast<useconds_t>(std::atoi(argv[2])) * 1000;
  std::vector<Peer> peers;
  for (int i = 5; i < argc; ++i) {
    const char* equals = std::strchr(argv[i], '=');
    if (equals == nullptr) return 2;
    const std::string name(argv[i], static_cast<std::size_t>(equals - argv[i]));
    peers.push_back({name, equals + 1, std::string(argv[4]) + "/" + name, {}, {}, {}, {}, {}, {}});
  }
  for (auto& peer : peers) round_of(peer, argv[3], 0);  // caches, folders: not counted
  for (auto& peer : peers) peer = {peer.name, peer.path, peer.root, {}, {}, {}, {}, {}, {}};
  for (int i = 0; i < count; ++i) {
    for (auto& peer : peers) round_of(peer, argv[3], quiet);
    std::rotate(peers.begin(), peers.begin() + 1, peers.end());  // nobody always follows the same one
  }
  std::printf("{");
  for (std::size_t i = 0; i < peers.size(); ++i) {
    std::printf("%s\"%s\": {", i == 0 ? "" : ", ", peers[i].name.c_str());
    print("run", peers[i].run, ", ");
    print("create", peers[i].create, ", ");
    print("exec", peers[i].exec, ", ");
    print("start", peers[i].start, ", ");
    print("delete", peers[i].remove, ", ");
    print("memory", peers[i].memory, "}");
  }
  std::printf("}\n");
}
