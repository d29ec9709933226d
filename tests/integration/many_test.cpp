// Three hundred containers, sixteen at a time: none is in another's way, and nothing of any stays.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <deque>

#include "support/census.hpp"
#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

constexpr std::size_t at_once = 16;

/// Containers of one root file system, each with a configuration, an id and a cgroup of its own.
class Crowd {
 public:
  explicit Crowd(const std::string& line) : bundle_(line), root_("/run/lodger-test-" + bundle_.name()) {
    support::make_folder(root_, 0700);
    config_ = json::parse(read_file(bundle_.beside("config.json")));
    config_["root"]["path"] = bundle_.rootfs();
    resources(config_)["pids"] = {{"limit", 10}};
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    for (const auto& id : ids_) clear_away(id);
    support::remove_tree(root_);
  }

  /// Runs the script for each of `count` ids, which it has as $ID, with $LODGER before a command and $BUNDLE;
  /// gives what the failed ones said.
  std::vector<std::string> each(int count, const std::string& script) {
    std::vector<std::string> failures;
    std::deque<Running> running;
    const auto end_first = [&] {
      const Finished done = running.front().wait();
      running.pop_front();
      if (done.status != 0) failures.push_back(done.err);
    };
    for (int i = 0; i < count; ++i) {
      if (running.size() == at_once) end_first();
      running.push_back(begin(script));
    }
    while (!running.empty()) end_first();
    return failures;
  }

  /// Of all of them: state, cgroups, mounts, processes.
  std::vector<std::string> leftovers() const {
    auto left = support::names_in(root_);
    for (const auto& id : ids_) {
      for (auto& trace : traces_of(id)) left.push_back(trace);
      if (const pid_t pid = std::atoi(read_file(bundle_.beside(id) + "/pid").c_str());
          pid > 0 && !is_gone(pid))
        left.push_back("process " + std::to_string(pid));
    }
    return left;
  }

 private:
  Running begin(const std::string& script) {
    const auto& id = ids_.emplace_back(unique_name());
    const std::string at = bundle_.beside(id);
    support::make_folder(at);
    config_["linux"]["cgroupsPath"] = "/lodger-test/" + id;
    write_file(at + "/config.json", config_.dump());
    Setting setting;
    setting.env = {"ID=" + id, "BUNDLE=" + at, "LODGER=" + runtime_path() + " --root " + root_};
    setting.limit = std::chrono::minutes(3);
    return Running({"/bin/sh", "-c", "set -e; " + script}, setting);
  }

  Bundle bundle_;
  std::string root_;
  json config_;
  std::vector<std::string> ids_;
};

}  // namespace

TEST_CASE("many: created and deleted side by side, they leave nothing", "[many]") {
  NEEDS_ROOT();
  Crowd crowd("hold");
  CHECK(crowd.each(150, "$LODGER create -b $BUNDLE --pid-file $BUNDLE/pid $ID; $LODGER delete --force $ID") ==
        std::vector<std::string>{});
  CHECK(crowd.leftovers() == std::vector<std::string>{});
}

TEST_CASE("many: run side by side, they leave nothing", "[many]") {
  NEEDS_ROOT();
  Crowd crowd("fork 5");
  CHECK(crowd.each(150, "$LODGER run -b $BUNDLE --pid-file $BUNDLE/pid $ID") == std::vector<std::string>{});
  CHECK(crowd.leftovers() == std::vector<std::string>{});
}
