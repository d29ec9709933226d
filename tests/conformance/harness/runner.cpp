#include "runner.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>
#include <system_error>

#include "supervisor.hpp"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;

struct Underway {
  std::size_t index;
  int record;
  Clock::time_point began;
};

std::string unmet(const Case& test, const Machine& machine) {
  for (const Need* need : test.needs)
    if (need != nullptr && !need->met(machine)) return "needs " + std::string(need->what);
  return "";
}

std::string ending(int status) {
  if (WIFSIGNALED(status)) return "its supervisor was ended by signal " + std::to_string(WTERMSIG(status));
  switch (const int code = WEXITSTATUS(status)) {
    case case_ended: return "";
    case case_timed_out: return "it did not end in time";
    default:
      return code > 128 ? "it was ended by signal " + std::to_string(code - 128)
                        : "status " + std::to_string(code);
  }
}

class Pool {
 public:
  Pool(std::span<const Case> cases, const Run& run, const Heard& heard)
      : cases_(cases), run_(run), heard_(heard), verdicts_(cases.size()) {}

  std::size_t size() const { return underway_.size(); }

  void begin(std::size_t index) {
    if (const std::string why = unmet(cases_[index], run_.machine); !why.empty())
      return settle(index, {.kind = Verdict::Kind::skipped, .reason = why});
    const int record = memfd_create("record", MFD_CLOEXEC);
    const pid_t pid = record < 0 ? -1 : fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "starting a case");
    if (pid == 0) supervise(cases_[index], run_, index, record);
    underway_.emplace(pid, Underway{index, record, Clock::now()});
  }

  /// Waits until one ends. False: we are told to stop, and have told all that is underway.
  bool await() {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == 0) return wait_for_signal();
    const auto found = underway_.find(pid);
    if (found == underway_.end()) return true;
    const Underway one = found->second;
    underway_.erase(found);
    Verdict verdict = read_record(one.record, ending(status));
    verdict.seconds = std::chrono::duration<double>(Clock::now() - one.began).count();
    close(one.record);
    settle(one.index, std::move(verdict));
    return true;
  }

 private:
  void settle(std::size_t index, Verdict verdict) {
    verdicts_[index] = std::move(verdict);
    for (; next_ < verdicts_.size() && verdicts_[next_]; ++next_)
      heard_(cases_[next_], std::move(*verdicts_[next_]));
  }

  bool wait_for_signal() {
    const sigset_t set = watched_signals();
    if (sigwaitinfo(&set, nullptr) == SIGCHLD) return true;
    for (const auto& [pid, one] : underway_) kill(pid, SIGTERM);
    return false;
  }

  std::span<const Case> cases_;
  const Run& run_;
  const Heard& heard_;
  std::vector<std::optional<Verdict>> verdicts_;
  std::size_t next_ = 0;  // the first that was not handed on
  std::map<pid_t, Underway> underway_;
};

}  // namespace

bool run_cases(std::span<const Case> cases, const Run& run, std::size_t jobs, const Heard& heard) {
  const sigset_t set = watched_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  Pool pool(cases, run, heard);
  bool stopped = false;
  for (std::size_t next = 0; (next < cases.size() && !stopped) || pool.size() > 0;) {
    if (next < cases.size() && pool.size() < jobs && !stopped)
      pool.begin(next++);
    else
      stopped = !pool.await() || stopped;
  }
  return !stopped;
}

}  // namespace conformance
