#include "container.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "census.hpp"

namespace lodger::test {

using nlohmann::json;

std::string runtime_path() {
  const char* other = std::getenv("LODGER");
  return other != nullptr ? other : built_program("LODGER_BUILT", "../../runtime/lodger");
}

bool is_lodger() { return runtime_path().ends_with("/lodger"); }

Container::Container(const Bundle& bundle, std::vector<std::string> globals)
    : bundle_(bundle), id_(unique_name()), root_("/run/lodger-test-" + id_), globals_(std::move(globals)) {
  REQUIRE(mkdir(root_.c_str(), 0700) == 0);
}

Container::~Container() {
  if (!gone_) {
    const Finished removed = run_command({runtime_path(), "--root", root_, "delete", "--force", id_});
    INFO("delete --force " << id_ << ": " << removed.err);
    CHECK(removed.status == 0);
  }
  const auto left = leftovers();
  CHECK(left == std::vector<std::string>{});
  clear_away(bundle_.name());
  run_command({"/bin/rm", "-rf", root_});
}

Running Container::begin(std::vector<std::string> args, const Setting& setting) {
  std::vector<std::string> line = {runtime_path(), "--root", root_};
  line.insert(line.end(), globals_.begin(), globals_.end());
  args.insert(args.begin(), line.begin(), line.end());
  return Running(args, setting);
}

Finished Container::call(std::vector<std::string> args, const Setting& setting) {
  return begin(std::move(args), setting).wait();
}

std::vector<std::string> Container::making(const char* command, const std::vector<std::string>& flags) const {
  std::vector<std::string> args = {command, "--bundle", bundle_.path()};
  args.insert(args.end(), flags.begin(), flags.end());
  args.push_back(id_);
  return args;
}

void Container::create(const std::vector<std::string>& flags, const Setting& setting) {
  created_.push_back(begin(making("create", flags), setting));
  const Finished done = created_.back().wait();
  INFO("create: " << done.out << done.err);
  REQUIRE(done.status == 0);
  last_pid_ = pid();
}

void Container::start() {
  const Finished done = call({"start", id_});
  INFO("start: " << done.out << done.err);
  REQUIRE(done.status == 0);
}

Finished Container::run(const std::vector<std::string>& flags, const Setting& setting) {
  return call(making("run", flags), setting);
}

Finished Container::run_with_mounts(const std::string& folder, const std::string& flags) const {
  constexpr const char* script =
      "mount -t tmpfs top $1 && mkdir $1/below && mount -t tmpfs below $1/below && "
      "mount -o remount,bind,$2 $1 && shift 2 && exec \"$@\"";
  std::vector<std::string> command = {"/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh", folder, flags,
                                      runtime_path()};
  for (const auto& word : making("run")) command.push_back(word);
  return run_command(command);
}

json Container::state() {
  const Finished done = call({"state", id_});
  INFO("state: " << done.out << done.err);
  REQUIRE(done.status == 0);
  return json::parse(done.out);
}

std::string Container::status() { return state()["status"]; }
pid_t Container::pid() { return state()["pid"]; }

void Container::wait_for(const std::string& wanted) {
  std::string last;
  const bool came = eventually([&] { return (last = status()) == wanted; });
  INFO("status is " << last << ", not " << wanted << "; output: " << output());
  REQUIRE(came);
}

std::string Container::output() const {
  return created_.empty() ? "" : created_.back().out() + created_.back().err();
}

void Container::wait_for_output(const std::string& text) {
  const bool came = eventually([&] { return output().find(text) != std::string::npos; });
  INFO("waiting for \"" << text << "\" in: " << output());
  REQUIRE(came);
}

std::vector<std::string> Container::leftovers() const {
  std::vector<std::string> left = traces_of(bundle_.name());
  if (access((root_ + "/" + id_).c_str(), F_OK) == 0) left.push_back("state " + root_ + "/" + id_);
  if (last_pid_ > 0 && !eventually([&] { return is_gone(last_pid_); }, std::chrono::seconds(2)))
    left.push_back("process " + std::to_string(last_pid_));
  return left;
}

Finished Container::remove() {
  gone_ = true;
  return call({"delete", "--force", id_});
}

Facts inside(const std::string& probe_line, const Edit& edit, const std::vector<std::string>& flags) {
  const Finished done = outcome(probe_line, edit, flags);
  INFO("run: status " << done.status << "\n" << done.out << done.err);
  REQUIRE(done.status == 0);
  return Facts(done.out);
}

Finished outcome(const std::string& probe_line, const Edit& edit, const std::vector<std::string>& flags) {
  const Bundle bundle(probe_line, edit);
  Container container(bundle);
  return container.run(flags);
}

void refused(const Edit& edit, const std::vector<std::string>& texts, const std::vector<std::string>& flags) {
  const Finished done = outcome("echo ran", edit, flags);
  INFO("stderr: " << done.err);
  CHECK(done.status != 0);
  CHECK(done.out == "");
  for (const auto& text : texts) CHECK_THAT(done.err, Catch::Contains(text));
  if (is_lodger()) CHECK_THAT(done.err, Catch::Matches("lodger: [^\n]+\n"));
}

}  // namespace lodger::test
