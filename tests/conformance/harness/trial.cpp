#include "trial.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <exception>

#include "files.hpp"

namespace conformance {

Trial::Trial(const Case& test, const Run& run, std::size_t index, int record)
    : case_(test),
      run_(run),
      folder_(run.case_folder(index)),
      name_(run.cgroup.substr(1) + "-" + std::to_string(index)),
      record_(record) {
  make_folder(folder_);
  make_folder(folder_ + "/state", 0700);
}

Container& Trial::container() {
  return container_named(name_ + (containers_.empty() ? "" : "-" + std::to_string(containers_.size() + 1)));
}

Container& Trial::container_named(const std::string& id) {
  return containers_.emplace_back(*this, id, folder_ + "/bundle-" + std::to_string(containers_.size() + 1));
}

Running Trial::begin(const std::vector<std::string>& args, const Setting& setting) {
  std::vector<std::string> argv = {run_.runtime, "--root", folder_ + "/state"};
  argv.insert(argv.end(), args.begin(), args.end());
  Setting limited = setting;
  if (limited.limit.count() == 0) limited.limit = run_.command_limit();
  return Running(argv, limited);
}

Finished Trial::finish(Running& running) {
  Finished done = running.wait();
  record_.command(done.command + ": " + done.summary());
  return done;
}

Finished Trial::runtime(const std::vector<std::string>& args, const Setting& setting) {
  Running running = begin(args, setting);
  return finish(running);
}

bool Trial::expect(std::string_view what, bool holds, std::string_view expected, std::string_view saw) {
  ++expectations_;
  if (!holds) record_.failure({std::string(what), std::string(expected), std::string(saw)});
  return holds;
}

bool Trial::expect_has(std::string_view what, std::string_view part, std::string_view whole) {
  return expect(what, whole.find(part) != std::string_view::npos, "something with " + std::string(part),
                whole);
}

bool Trial::expect_error(std::string_view what, const Finished& done) {
  return expect(what, done.refused(), "an error", done.summary());
}

bool Trial::expect_success(std::string_view what, const Finished& done) {
  return expect(what, done.succeeded(), "success", done.summary());
}

void Trial::require(std::string_view what, bool holds, std::string_view expected, std::string_view saw) {
  if (!expect(what, holds, expected, saw)) throw Stop{};
}

void Trial::require_success(std::string_view what, const Finished& done) {
  if (!expect_success(what, done)) throw Stop{};
}

void Trial::skip(const std::string& reason) {
  record_.skipped(reason);
  throw Stop{};
}

void Trial::own_mount_namespace() {
  if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
    skip("needs a mount namespace of its own, errno " + std::to_string(errno));
}

void Trial::go() {
  try {
    case_.run(*this);
  } catch (const Stop&) {
    return;
  } catch (const std::exception& error) {  // the harness's own trouble, or a runtime's JSON
    record_.failure({"the case", "to come to its end", error.what()});
    return;
  }
  record_.done(expectations_);
}

}  // namespace conformance
