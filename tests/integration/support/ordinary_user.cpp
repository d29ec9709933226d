#include "ordinary_user.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace lodger::test {

using nlohmann::json;
using Args = std::vector<std::string>;

Args as_user(const Args& command) {
  Args all = {"/usr/bin/setpriv", "--reuid",        ordinary_user,    "--regid",
              ordinary_user,      "--clear-groups", "--inh-caps=-all"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

std::string barred() {
  const auto tried = run_command(as_user({"unshare", "-Urpf", "--mount-proc", "true"}));
  return tried.status == 0 ? "" : "an ordinary user cannot make a user namespace with a procfs: " + tried.err;
}

UserBundle::UserBundle(const std::string& probe_line, const Edit& edit) : bundle_(Args{}) {
  REQUIRE(run_command({"/bin/cp", runtime_path(), beside("lodger")}).status == 0);
  REQUIRE(mkdir(beside("run").c_str(), 0700) == 0);
  REQUIRE(unlink(beside("config.json").c_str()) == 0);
  const auto owner = std::string(ordinary_user) + ":" + ordinary_user;
  REQUIRE(run_command({"/bin/chown", "-R", owner, bundle_.path()}).status == 0);
  const auto written = call({"spec", "--rootless", "--bundle", bundle_.path()});
  INFO(written.err);
  REQUIRE(written.status == 0);
  bundle_.edit([&](json& config) {
    config["process"]["terminal"] = false;
    config["process"]["args"] = {"/bin/probe"};
    for (const auto& word : words(probe_line)) config["process"]["args"].push_back(word);
    if (edit) edit(config);
  });
}

UserBundle::~UserBundle() {
  call({"delete", "--force", "c"});
  CHECK(left() == "");
}

Args UserBundle::line(const Args& args, const Args& wrapped) const {
  Args all = {"/usr/bin/env", "XDG_RUNTIME_DIR=" + beside("run"), "USER=tester"};
  all.insert(all.end(), wrapped.begin(), wrapped.end());
  all.push_back(beside("lodger"));
  all.insert(all.end(), args.begin(), args.end());
  return as_user(all);
}

void without(json& list, const char* type) {
  for (auto entry = list.begin(); entry != list.end();)
    entry = (*entry)["type"] == type ? list.erase(entry) : entry + 1;
}

void without_user_namespace(json& config) {
  without(config["linux"]["namespaces"], "user");
  config["linux"].erase("uidMappings");
  config["linux"].erase("gidMappings");
}

}  // namespace lodger::test
