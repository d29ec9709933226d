#include "command.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace lodger::test {
namespace {

/// A file in memory; O_APPEND, since several processes write to it and share no offset.
int memory_file(const std::string& text = "") {
  const int fd = memfd_create("lodger-test", MFD_CLOEXEC);
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  if (text.empty())
    REQUIRE(fcntl(fd, F_SETFL, O_APPEND) == 0);
  else
    REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
  return fd;
}

std::string contents(int fd) {
  std::string text;
  char buffer[16384];
  for (ssize_t n = 0; (n = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Descriptors are first copied far up, so that one placement cannot overwrite the source of the next.
struct Actions {
  posix_spawn_file_actions_t value;
  std::vector<int> copies;
  int above = 3;

  Actions() { posix_spawn_file_actions_init(&value); }
  ~Actions() {
    posix_spawn_file_actions_destroy(&value);
    for (const int fd : copies) close(fd);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void place(int fd, int number) {
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 500);
    REQUIRE(copy >= 0);
    copies.push_back(copy);
    posix_spawn_file_actions_adddup2(&value, copy, number);
    above = std::max(above, number + 1);
  }
};

}  // namespace

Running::Running(const std::vector<std::string>& argv, const Setting& setting) : limit_(setting.limit) {
  out_ = memory_file();
  err_ = memory_file();
  const int input =
      setting.input.empty() ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memory_file(setting.input);
  Actions actions;
  actions.place(input, 0);
  actions.place(out_, 1);
  actions.place(err_, 2);
  for (const auto& [ours, number] : setting.fds) actions.place(ours, number);
  posix_spawn_file_actions_addclosefrom_np(&actions.value, actions.above);
  if (!setting.folder.empty()) posix_spawn_file_actions_addchdir_np(&actions.value, setting.folder.c_str());

  std::vector<std::string> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.emplace_back(*e);
  environment.insert(environment.end(), setting.env.begin(), setting.env.end());
  const int error = posix_spawn(&pid_, argv[0].c_str(), &actions.value, nullptr, pointers(argv).data(),
                                pointers(environment).data());
  close(input);
  INFO("starting " << argv[0] << ": " << strerror(error));
  REQUIRE(error == 0);
}

Running::Running(Running&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_(std::exchange(other.out_, -1)),
      err_(std::exchange(other.err_, -1)),
      limit_(other.limit_) {}

Running::~Running() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) close(out_);
  if (err_ >= 0) close(err_);
}

std::string Running::out() const { return contents(out_); }
std::string Running::err() const { return contents(err_); }
void Running::kill(int signal) const { ::kill(pid_, signal); }

Finished Running::wait() {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  REQUIRE(fd >= 0);
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  const int answer = poll(&ready, 1, static_cast<int>(limit_.count()));
  close(fd);
  INFO("stdout so far: " << out() << "stderr so far: " << err());
  REQUIRE(answer == 1);  // 0: it took longer than its limit
  int status = 0;
  REQUIRE(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out(), err()};
}

void Running::wait_for(const std::string& text) {
  const bool came = eventually([&] { return out().find(text) != std::string::npos; }, limit_);
  INFO("waiting for \"" << text << "\"; stdout: " << out() << "stderr: " << err());
  REQUIRE(came);
}

void pause_briefly() { usleep(2000); }

}  // namespace lodger::test
