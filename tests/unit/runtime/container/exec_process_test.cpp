#include <catch2/catch.hpp>

#include "runtime/container/exec.hpp"

using namespace lodger;
using container::ExecRequest;
using Names = std::vector<std::string>;

namespace {

spec::Config base() {
  spec::Config config;
  auto& process = config.process.emplace();
  process.args = {"/init"};
  process.env = {"A=1"};
  process.cwd = "/home";
  process.terminal = true;
  process.console_size.emplace();
  process.user.uid = 5;
  process.user.gid = 6;
  process.user.additional_gids = {7};
  process.apparmor_profile = "own";
  process.capabilities.emplace();
  process.capabilities->bounding = {"CAP_KILL"};
  process.capabilities->ambient = {"CAP_KILL"};
  return config;
}

/// Where nothing is to be remarked on.
Outcome<spec::Process> process_for(const spec::Config& config, const ExecRequest& request) {
  return container::process_for(config, request, [](std::string_view notice) { FAIL(notice); });
}

}  // namespace

TEST_CASE("parse_user: UID and UID:GID, whole and in range") {
  CHECK(container::parse_user("0")->uid == 0);
  CHECK_FALSE(container::parse_user("12")->gid);
  CHECK(container::parse_user("1:2")->gid == 2);
  CHECK(container::parse_user("4294967294:4294967294")->uid == 4294967294U);
}

TEST_CASE("parse_user: anything else is refused, never taken for a name or for 0") {
  const auto* text = GENERATE("", ":", ":1", "1:", "1:2:3", "-1", "+1", " 1", "1 ", "0x1", "root", "1:root",
                              "4294967295", "1:4294967295", "4294967296", "99999999999999999999");
  INFO(text);
  const auto user = container::parse_user(text);
  REQUIRE_FALSE(user);
  CHECK(user.error().code == EINVAL);
  CHECK_THAT(user.error().text, Catch::Contains("--user"));
}

TEST_CASE("process_for: flags stand in place of the container's process, or beside it") {
  ExecRequest request;
  request.args = {"true"};
  request.cwd = "/tmp";
  request.env = {"B=2"};
  request.user = "8:9";
  request.groups = {"10"};
  request.apparmor = "other";
  request.process_label = "label";
  request.no_new_privileges = true;
  request.capabilities = {"CAP_KILL", "CAP_CHOWN"};
  const auto process = process_for(base(), request).value();
  CHECK(process.args == Names{"true"});
  CHECK(process.cwd == "/tmp");
  CHECK(process.env == Names{"A=1", "B=2"});
  CHECK(process.user.uid == 8);
  CHECK(process.user.gid == 9);
  CHECK(process.user.additional_gids == std::vector<gid_t>{7, 10});
  CHECK(process.apparmor_profile == "other");
  CHECK(process.selinux_label == "label");
  CHECK(process.no_new_privileges);
  CHECK(process.capabilities->bounding == Names{"CAP_KILL", "CAP_CHOWN"});
  CHECK(process.capabilities->effective == Names{"CAP_KILL", "CAP_CHOWN"});
  CHECK(process.capabilities->permitted == Names{"CAP_KILL", "CAP_CHOWN"});
  CHECK(process.capabilities->inheritable.empty());
  CHECK(process.capabilities->ambient == Names{"CAP_KILL"});
}

TEST_CASE("process_for: without flags it is the container's, but for arguments and terminal") {
  ExecRequest request;
  request.args = {"true"};
  const auto process = process_for(base(), request).value();
  CHECK(process.cwd == "/home");
  CHECK(process.user.uid == 5);
  CHECK(process.user.gid == 6);
  CHECK(process.apparmor_profile == "own");
  CHECK_FALSE(process.terminal);
  CHECK_FALSE(process.console_size);
  CHECK_FALSE(process.no_new_privileges);
}

TEST_CASE("process_for: a container without a process has a root of its own") {
  ExecRequest request;
  request.args = {"true"};
  const auto process = process_for({}, request).value();
  CHECK(process.cwd == "/");
  CHECK(process.user.uid == 0);
}

TEST_CASE("process_for: a uid alone leaves the gid; what is no id is refused") {
  ExecRequest request;
  request.args = {"true"};
  request.user = "8";
  CHECK(process_for(base(), request)->user.gid == 6);
  request.groups = {"wheel"};
  const auto process = process_for(base(), request);
  REQUIRE_FALSE(process);
  CHECK_THAT(process.error().text, Catch::Contains("--additional-gids \"wheel\""));
}

TEST_CASE("process_for: a file says everything but the container's execCPUAffinity") {
  auto config = base();
  config.process->exec_cpu_affinity.emplace().final = "1";
  ExecRequest request;
  request.process = R"({"args": ["x"], "cwd": "/", "user": {"uid": 3, "gid": 4}})";
  const auto process = process_for(config, request).value();
  CHECK(process.args == Names{"x"});
  CHECK(process.env.empty());
  CHECK(process.user.uid == 3);
  CHECK_FALSE(process.capabilities);
  CHECK(process.exec_cpu_affinity->final == "1");
  request.process = R"({"args": ["x"], "cwd": "/", "execCPUAffinity": {"initial": "0"}})";
  const auto own = process_for(config, request).value();
  CHECK(own.exec_cpu_affinity->initial == "0");
  CHECK_FALSE(own.exec_cpu_affinity->final);
}

TEST_CASE("process_for: names of another case in the file are remarked on") {
  ExecRequest request;
  request.process = R"({"Args": ["x"], "cwd": "/", "user": {"UID": 3, "gid": 4}})";
  std::vector<std::string> notices;
  const auto process =
      container::process_for(base(), request, [&](std::string_view notice) { notices.emplace_back(notice); });
  REQUIRE(process);
  CHECK(process->args == Names{"x"});
  CHECK(process->user.uid == 3);
  CHECK(notices == Names{"process.user: \"UID\" is taken for \"uid\": case counts in names",
                         "process: \"Args\" is taken for \"args\": case counts in names"});
}

TEST_CASE("process_for: beside --tty the file decides, as with runc") {
  ExecRequest request;
  request.terminal = true;
  request.process = R"({"args": ["x"], "cwd": "/", "terminal": true})";
  CHECK(process_for(base(), request)->terminal);
  request.process = R"({"args": ["x"], "cwd": "/"})";
  CHECK_FALSE(process_for(base(), request)->terminal);
}
