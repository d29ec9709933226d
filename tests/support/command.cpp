#include "command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "text.hpp"

namespace support {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// O_APPEND, since several processes write to it and share no offset.
Descriptor memory_file() {
  Descriptor file(memfd_create("test-output", MFD_CLOEXEC));
  if (!file || fcntl(file.get(), F_SETFL, O_APPEND) < 0) fail("a memory file");
  return file;
}

Descriptor input_of(const std::string& text) {
  if (text.empty()) return Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor file = memory_file();
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      lseek(file.get(), 0, SEEK_SET) < 0)
    fail("a memory file for the input");
  return file;
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

/// What the child does between fork and exec. Descriptors are first copied far up, so that one placement
/// cannot overwrite the source of the next.
struct Actions {
  posix_spawn_file_actions_t value;
  std::vector<Descriptor> copies;
  int above = 3;

  Actions() { posix_spawn_file_actions_init(&value); }
  ~Actions() { posix_spawn_file_actions_destroy(&value); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void place(int fd, int number) {
    const Descriptor& copy = copies.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 500));
    if (!copy) fail("a copy of descriptor " + std::to_string(fd));
    posix_spawn_file_actions_adddup2(&value, copy.get(), number);
    above = std::max(above, number + 1);
  }
};

}  // namespace

std::string Finished::summary() const {
  std::string text = timed_out ? "did not end in time" : "status " + std::to_string(status);
  if (crashed && !timed_out) text = "ended by signal " + std::to_string(status - 128);
  if (const std::string words = trimmed(err); !words.empty()) text += ", stderr: " + words;
  return text;
}

Running::Running(const std::vector<std::string>& argv, const Setting& setting)
    : out_(memory_file()), err_(memory_file()), limit_(setting.limit) {
  for (const auto& word : argv) command_ += (command_.empty() ? "" : " ") + word;
  Actions actions;
  actions.place(input_of(setting.input).get(), 0);
  actions.place(out_.get(), 1);
  actions.place(err_.get(), 2);
  for (const auto& [ours, number] : setting.fds) actions.place(ours, number);
  posix_spawn_file_actions_addclosefrom_np(&actions.value, actions.above);
  if (!setting.folder.empty()) posix_spawn_file_actions_addchdir_np(&actions.value, setting.folder.c_str());

  std::vector<std::string> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.emplace_back(*e);
  environment.insert(environment.end(), setting.env.begin(), setting.env.end());
  const int error = posix_spawnp(&pid_, argv[0].c_str(), &actions.value, nullptr, pointers(argv).data(),
                                 pointers(environment).data());
  if (error != 0) throw std::system_error(error, std::generic_category(), "starting " + argv[0]);
}

Running::Running(Running&& other) noexcept
    : command_(std::move(other.command_)),
      pid_(std::exchange(other.pid_, -1)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      limit_(other.limit_) {}

Running::~Running() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string Running::out() const { return contents(out_.get()); }
std::string Running::err() const { return contents(err_.get()); }

Finished Running::wait() {
  Finished done{.command = command_};
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!process) fail("waiting for " + command_);
  pollfd ready{.fd = process.get(), .events = POLLIN, .revents = 0};
  done.timed_out = poll(&ready, 1, limit_.count() > 0 ? static_cast<int>(limit_.count()) : -1) != 1;
  if (done.timed_out) kill(pid_, SIGKILL);
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) fail("waiting for " + command_);
  pid_ = -1;
  done.crashed = WIFSIGNALED(status);
  done.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  done.out = out();
  done.err = err();
  return done;
}

void pause_briefly() { usleep(2000); }

}  // namespace support
