// Containers of an ordinary user, and of root of a user namespace (where rootless engines call runtimes
// from). user_namespaces(7); runtime-spec, config-linux.md, "User namespace mappings".
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"
#include "support/ordinary_user.hpp"
#include "support/own_etc.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;
using Args = std::vector<std::string>;

namespace {

Facts inside_of(const UserBundle& bundle, const Args& wrapped = {}) {
  const auto done = bundle.run(wrapped);
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  return Facts(done.out);
}

/// A cgroup of the user's in some of v1's hierarchies, the cgroup2 tree not among them.
class Delegated {
 public:
  Delegated() {
    for (const std::string controller : {"pids", "freezer", "cpu"})
      REQUIRE(chown(make_cgroup("/sys/fs/cgroup/" + controller, path()).c_str(), 54321, 54321) == 0);
  }
  Delegated(const Delegated&) = delete;
  Delegated& operator=(const Delegated&) = delete;
  ~Delegated() {
    for (const char* controller : {"pids", "freezer", "cpu"}) CHECK(rmdir(in(controller).c_str()) == 0);
  }
  std::string path() const { return "/lodger-test/rootless-" + std::to_string(getpid()); }
  std::string in(const std::string& controller) const { return "/sys/fs/cgroup/" + controller + path(); }
};

/// Into the user and pid namespaces of another container's process.
Edit join_processes_of(int pid) {
  return [pid](json& config) {
    for (auto& entry : config["linux"]["namespaces"])
      if (entry["type"] == "user" || entry["type"] == "pid")
        entry["path"] = "/proc/" + std::to_string(pid) + "/ns/" + entry["type"].get<std::string>();
    for (const char* map : {"uidMappings", "gidMappings"}) config["linux"].erase(map);
  };
}

void map_more(json& config) {
  for (const char* map : {"uidMappings", "gidMappings"})
    config["linux"][map].push_back({{"containerID", 1}, {"hostID", 700'000}, {"size", 1000}});
}

}  // namespace

TEST_CASE("rootless: root inside is the user outside, on the host's network", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("ids ; ns ; cat /proc/self/uid_map");
  const Facts facts = inside_of(bundle);
  CHECK(facts["uid"] == "0");
  CHECK(facts["gid"] == "0");
  CHECK(words(facts["line:/proc/self/uid_map"]) == Args{"0", ordinary_user, "1"});
  CHECK(facts["ns.net"] == ns_id(getpid(), "net"));
  for (const char* type : {"user", "mnt", "pid", "ipc", "uts", "cgroup"})
    CHECK(facts[std::string("ns.") + type] != ns_id(getpid(), type));
}

TEST_CASE("rootless: the host's /sys can be looked at only, with all that is mounted in it (CVE-2023-25809)",
          "[rootless]") {
  NEEDS_ORDINARY_USER();
  const auto with_sys = [](const char* type, json options) {
    return [=](json& config) {
      for (auto& mount : config["mounts"])
        if (mount["destination"] == "/sys")
          mount = {{"destination", "/sys"}, {"type", type}, {"source", "/sys"}, {"options", options}};
      without(config["mounts"], "cgroup");
      config["process"]["args"] = {"/bin/busybox", "sh", "-c", "ls /sys/class/net; cat /proc/mounts"};
    };
  };
  for (const auto& edit : {with_sys("none", {"rbind", "rro"}), with_sys("sysfs", {"ro", "nosuid"})}) {
    const UserBundle bundle("ids", edit);
    const auto done = bundle.run();
    INFO(done.out << done.err);
    REQUIRE(done.status == 0);
    CHECK_THAT(done.out, Catch::StartsWith("lo\n") || Catch::Contains("\nlo\n"));
    bool found = false;
    for (std::size_t at = 0; (at = done.out.find(" /sys", at)) != std::string::npos; ++at) {
      const auto line = done.out.substr(at + 1, done.out.find('\n', at) - at - 1);
      found = true;
      CHECK_THAT(line, Catch::Contains(" ro,"));
    }
    CHECK(found);
  }
}

TEST_CASE("rootless: without a cgroup namespace the host's cgroups can be looked at only (CVE-2023-25809)",
          "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("ids", [](json& config) {
    without(config["linux"]["namespaces"], "cgroup");
    for (auto& mount : config["mounts"])
      if (mount["type"] == "cgroup") mount["options"] = {"nosuid"};
    config["process"]["args"] = {"/bin/busybox", "sh", "-c", "cat /proc/mounts"};
  });
  const auto done = bundle.run({"env", "-C", "/"});
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  const auto cgroups = done.out.rfind("/sys/fs/cgroup");
  REQUIRE(cgroups != std::string::npos);
  CHECK(done.out.find("cgroup rw") == std::string::npos);
  CHECK(done.out.find("cgroup2 rw") == std::string::npos);
}

TEST_CASE("rootless: devices are the host's, and can be used", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("ids", [](json& config) {
    config["process"]["args"] = {"/bin/busybox", "sh", "-c", "echo x > /dev/null && ls /dev/zero"};
  });
  const auto done = bundle.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(done.out == "/dev/zero\n");
}

TEST_CASE("rootless: a configured /dev/ptmx is the container's own, and can be no other", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const auto ptmx = [](int minor) {
    return [minor](json& config) {
      config["linux"]["devices"] = {{{"path", "/dev/ptmx"}, {"type", "c"}, {"major", 5}, {"minor", minor}}};
    };
  };
  const Facts facts = inside_of(UserBundle("stat /dev/ptmx", ptmx(2)));
  CHECK_THAT(facts["stat:/dev/ptmx.target"], Catch::EndsWith("pts/ptmx"));
  const auto other = UserBundle("ids", ptmx(1)).run();
  CHECK(other.status != 0);
  CHECK_THAT(other.err, Catch::Contains("linux.devices[0] /dev/ptmx: is the container's own terminals'"));
}

TEST_CASE("rootless: create, start, exec, kill, delete", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("ids", [](json& config) {
    config["process"]["args"] = {"/bin/busybox", "sleep", "100"};
  });
  const auto ok = [&](const Args& args) {
    const auto done = bundle.call(args);
    INFO(args.front() << ": " << done.err);
    REQUIRE(done.status == 0);
    return done.out;
  };
  // Descriptors of its own: a container that is kept holds ours open.
  ok({"create", "--bundle", bundle.beside(""), "c"});
  const auto created = json::parse(ok({"state", "c"}));
  CHECK(created["status"] == "created");
  const Facts before(ok({"exec", "c", "/bin/probe", "ns"}));
  CHECK(before["ns.pid"] == ns_id(created["pid"], "pid"));
  ok({"start", "c"});
  const auto state = json::parse(ok({"state", "c"}));
  CHECK(state["status"] == "running");
  CHECK_THAT(proc_status(state["pid"], "Uid"), Catch::StartsWith(ordinary_user));
  const Facts facts(ok({"exec", "c", "/bin/probe", "ids", ";", "ns"}));
  CHECK(facts["uid"] == "0");
  CHECK(facts["ns.user"] == ns_id(state["pid"], "user"));
  CHECK_THAT(ok({"list"}), Catch::Contains("#54321") || Catch::Contains(ordinary_user));
  const auto all = bundle.call({"kill", "--all", "c", "TERM"});
  CHECK(all.status != 0);
  CHECK_THAT(all.err, Catch::Contains("kill --all: container c has no cgroup of its own"));
  ok({"kill", "c", "KILL"});
  REQUIRE(eventually([&] { return json::parse(ok({"state", "c"}))["status"] == "stopped"; }));
  ok({"kill", "--all", "c", "TERM"});  // nobody is left: as with runc no error
  ok({"delete", "c"});
}

TEST_CASE("rootless: a created container's init is out of sight where it has joined another's namespaces",
          "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle first("hold");
  UserBundle second("hold");
  const auto dumpable = [](const UserBundle& bundle) {
    REQUIRE(bundle.call({"create", "--bundle", bundle.beside(""), "c"}).status == 0);
    const auto pid = json::parse(bundle.call({"state", "c"}).out)["pid"].get<int>();
    // proc(5): the files of what must not be traced belong to root
    struct stat found {};
    REQUIRE(stat(("/proc/" + std::to_string(pid) + "/environ").c_str(), &found) == 0);
    return std::pair{pid, found.st_uid != 0};
  };
  const auto [pid, seen] = dumpable(first);
  CHECK(seen);
  second.edit(join_processes_of(pid));
  CHECK_FALSE(dumpable(second).second);
}

TEST_CASE("rootless: beside another container of the user's, in its user and pid namespaces", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle first("hold");
  UserBundle second("ids ; ns");
  REQUIRE(first.call({"run", "--detach", "--bundle", first.beside(""), "c"}).status == 0);
  const auto pid = json::parse(first.call({"state", "c"}).out)["pid"].get<int>();
  second.edit(join_processes_of(pid));
  const auto facts = inside_of(second);
  CHECK(facts["uid"] == "0");
  CHECK(facts["ns.user"] == ns_id(pid, "user"));
  CHECK(facts["ns.pid"] == ns_id(pid, "pid"));
}

TEST_CASE("rootless: kill --all says that it cannot reach what outlived the first process", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("hold", [](json& config) {
    without(config["linux"]["namespaces"], "pid");
    for (auto& mount : config["mounts"])
      if (mount["type"] == "proc")
        mount = {{"destination", "/proc"}, {"type", "none"}, {"source", "/proc"}, {"options", {"rbind"}}};
  });
  REQUIRE(bundle.call({"run", "--detach", "--bundle", bundle.beside(""), "c"}).status == 0);
  REQUIRE(bundle.call({"kill", "c", "KILL"}).status == 0);
  REQUIRE(eventually([&] { return json::parse(bundle.call({"state", "c"}).out)["status"] == "stopped"; }));
  const auto all = bundle.call({"kill", "--all", "c", "TERM"});
  CHECK(all.status != 0);
  CHECK_THAT(all.err, Catch::Contains("has no cgroup of its own"));
}

TEST_CASE("rootless: on v1 the hierarchies that are delegated are enough", "[rootless]") {
  NEEDS_ORDINARY_USER();
  NEEDS(!v2(), "there is one hierarchy alone on v2");
  const Delegated delegated;
  const auto limited = [&](const char* what, json limit) {
    return [&delegated, what, limit](json& config) {
      config["linux"]["cgroupsPath"] = delegated.path() + "/c";
      config["linux"]["resources"] = {{what, limit}};
      config["process"]["args"] = {"/bin/busybox", "sleep", "100"};
    };
  };
  const UserBundle bundle("ids", limited("pids", {{"limit", 7}}));
  const auto ok = [&](const Args& args) {
    const auto done = bundle.call(args);
    INFO(args.front() << ": " << done.err);
    REQUIRE(done.status == 0);
    return done.out;
  };
  ok({"run", "--detach", "--bundle", bundle.beside(""), "c"});
  const auto folder = delegated.in("pids") + "/c";
  CHECK(read_file(folder + "/pids.max") == "7\n");
  ok({"update", "--pids-limit", "8", "c"});
  CHECK(read_file(folder + "/pids.max") == "8\n");
  CHECK(json::parse(ok({"events", "--stats", "c"}))["data"]["pids"]["limit"] == 8);
  ok({"exec", "c", "/bin/busybox", "true"});
  ok({"pause", "c"});
  ok({"resume", "c"});
  ok({"delete", "--force", "c"});
  CHECK(access(folder.c_str(), F_OK) != 0);

  const UserBundle other("ids", limited("rdma", {{"mlx5_1", {{"hcaHandles", 3}}}}));
  const auto refused = other.run();
  CHECK(refused.status != 0);
  CHECK_THAT(refused.err, Catch::Contains("is not mounted on this machine, or not open to this user"));
}

TEST_CASE("rootless: what an ordinary user cannot have is refused with what helps, and nothing is left",
          "[rootless]") {
  NEEDS_ORDINARY_USER();
  struct Row {
    const char* text;
    Edit edit;
  };
  const Row rows[] = {
      {"no entry of type \"user\", which uid 54321 needs", without_user_namespace},
      {"process.user.additionalGids: setgroups is denied",
       [](json& c) { c["process"]["user"]["additionalGids"] = {0}; }},
      {"process.oomScoreAdj -999: Permission denied (below the value",
       [](json& c) { c["process"]["oomScoreAdj"] = -999; }},
      {"linux.resources: pids.max cannot be set for a container without a cgroup",
       [](json& c) {
         c["linux"]["resources"] = {{"pids", {{"limit", 5}}}};
       }},
      {"(linux.cgroupsPath has to lie below a cgroup that is delegated",
       [](json& c) { c["linux"]["cgroupsPath"] = "/lodger-test/rootless-refused"; }},
      {"linux.devices[0] /dev/no-such of the host: No such file or directory",
       [](json& c) {
         c["linux"]["devices"] = {{{"path", "/dev/no-such"}, {"type", "c"}, {"major", 1}, {"minor", 99}}};
       }},
      {"/x: source /root/x/y: ",
       [](json& c) {
         c["mounts"].push_back(
             {{"destination", "/x"}, {"type", "none"}, {"source", "/root/x/y"}, {"options", {"bind"}}});
       }},
      {"process.user 5:0: setresuid: Invalid argument (the id is not in linux.uidMappings",
       [](json& c) { c["process"]["user"]["uid"] = 5; }},
      {"gid", [](json& c) { c["mounts"][2]["options"].push_back("gid=5"); }},
  };
  for (const auto& row : rows) {
    const UserBundle bundle("ids", row.edit);
    const auto done = bundle.run();
    INFO(done.err);
    CHECK(done.status != 0);
    CHECK(done.out == "");
    CHECK_THAT(done.err, Catch::Contains(row.text));
    CHECK(bundle.left() == "");
  }
}

TEST_CASE("rootless: device rules are left out, and that is said", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("ids", [](json& config) {
    config["linux"]["resources"] = {{"devices", {{{"allow", false}, {"access", "rwm"}}}}};
  });
  const auto done = bundle.run();
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Catch::StartsWith("lodger: warning: linux.resources.devices is left out: "));
}

TEST_CASE("rootless: --rootless=false asks for the cgroup in earnest", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle;
  const auto done = bundle.call({"--rootless=false", "run", "--bundle", bundle.beside(""), "c"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("cgroup /lodger/c: making ") && Catch::Contains("Permission denied"));
}

TEST_CASE("rootless: more ids by newuidmap and newgidmap, as /etc/subuid allows", "[rootless]") {
  NEEDS_ORDINARY_USER();
  NEEDS(access("/usr/bin/newuidmap", X_OK) == 0, "needs newuidmap (Debian: uidmap)");
  const UserBundle bundle("ids ; cat /proc/self/uid_map", [](json& config) {
    map_more(config);
    config["process"]["user"] = {{"uid", 33}, {"gid", 34}, {"additionalGids", {7}}};
  });
  // The machine's own lists stay as they are: others lie over them in a mount namespace.
  const std::string over =
      "d=$1; shift; grep . /etc/passwd > $d/passwd; echo tester:x:54321:54321::/:/bin/sh >> $d/passwd;"
      "echo \"$SUBIDS\" > $d/subids; mount --bind $d/passwd /etc/passwd;"
      "mount --bind $d/subids /etc/subuid && mount --bind $d/subids /etc/subgid && exec \"$@\"";
  const auto with_list = [&](const char* list) {
    Args all = {"/usr/bin/env",   std::string("SUBIDS=") + list, "unshare", "-m", "sh", "-c", over, "sh",
                bundle.beside("")};
    const auto line = bundle.line({"run", "--bundle", bundle.beside(""), "c"});
    all.insert(all.end(), line.begin(), line.end());
    return run_command(all);
  };
  NEEDS(access("/etc/subuid", F_OK) == 0 && access("/etc/subgid", F_OK) == 0, "needs /etc/subuid and subgid");
  const auto barred = with_list("tester:900000:10");
  CHECK(barred.status != 0);
  CHECK_THAT(barred.err, Catch::Contains("linux.gidMappings: /usr/bin/newgidmap: ") &&
                             Catch::Contains("(this needs \"54321:700000:1000\" in /etc/subgid)"));
  CHECK(bundle.left() == "");
  const auto done = with_list("tester:700000:1000");
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["uid"] == "33");
  CHECK(facts["gid"] == "34");
  CHECK(facts["groups"] == "7");
}

TEST_CASE("rootless: root of a user namespace that another made", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const Args with_mounts = {"unshare", "-Urm"}, alone = {"unshare", "-Ur"};
  const auto nested = [](json& config) {  // inside of it the user has the id 0
    for (const char* map : {"uidMappings", "gidMappings"}) config["linux"][map][0]["hostID"] = 0;
  };
  for (const auto& position : {with_mounts, alone}) {
    CHECK(inside_of(UserBundle("ids", nested), position)["uid"] == "0");
    const UserBundle bundle("ids ; echo ran", [](json& config) {
      without_user_namespace(config);
      without(config["linux"]["namespaces"], "cgroup");
    });
    CHECK(inside_of(bundle, position)["uid"] == "0");
  }
}

TEST_CASE("rootless: where no user namespace can be made, that is told with what helps", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle("ids", [](json& config) {
    for (const char* map : {"uidMappings", "gidMappings"}) config["linux"][map][0]["hostID"] = 0;
  });
  const auto done = bundle.run(
      {"unshare", "-Ur", "sh", "-c", "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"", "sh"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("linux.namespaces: ") && Catch::Contains("user.max_*_namespaces"));
}

TEST_CASE("rootless: the state root needs XDG_RUNTIME_DIR", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle;
  const auto done = bundle.run({"env", "-u", "XDG_RUNTIME_DIR"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("XDG_RUNTIME_DIR is not set: set it, or give --root"));
}

TEST_CASE("rootless: a state root that may not be read, too, is told with what helps", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle;
  const auto done = bundle.call({"--root", "/proc/1/fd", "list"}, {"env", "-u", "XDG_RUNTIME_DIR"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("XDG_RUNTIME_DIR is not set: set it, or give --root"));
}

TEST_CASE("rootless: with a set-user-ID bit lodger refuses to work", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const UserBundle bundle;
  struct statvfs place {};
  REQUIRE(statvfs(bundle.beside("").c_str(), &place) == 0);
  NEEDS(!(place.f_flag & ST_NOSUID), "the temporary folder is mounted nosuid");
  REQUIRE(run_command({"/bin/chown", "0:0", bundle.beside("lodger")}).status == 0);
  REQUIRE(chmod(bundle.beside("lodger").c_str(), 04755) == 0);
  for (const Args& args : {Args{"list"}, Args{"run", "--bundle", bundle.beside(""), "c"}}) {
    const auto done = bundle.call(args);
    CHECK(done.status != 0);
    CHECK_THAT(done.err, Catch::Contains("a set-user-ID bit or file capabilities"));
  }
  REQUIRE(chmod(bundle.beside("lodger").c_str(), 0755) == 0);
}

TEST_CASE("rootless: --cgroup-manager disabled makes no cgroup", "[rootless]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "a flag of lodger's");
  const Bundle bundle("hold", [](json& config) { config["linux"].erase("resources"); });
  Container container(bundle);
  const auto done =
      container.call({"--cgroup-manager", "disabled", "create", "--bundle", bundle.path(), container.id()},
                     {.fds = {{STDERR_FILENO, 1}, {STDERR_FILENO, 2}}});
  REQUIRE(done.status == 0);
  container.start();
  container.wait_for("running");
  CHECK(read_file("/proc/" + std::to_string(container.pid()) + "/cgroup") == read_file("/proc/self/cgroup"));
  CHECK(container.call({"kill", container.id(), "KILL"}).status == 0);
  container.wait_for("stopped");
}

TEST_CASE("rootless: --cgroup-manager disabled, and limits that would need a cgroup", "[rootless]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "a flag of lodger's");
  const Bundle bundle("ids", [](json& config) { config["linux"]["resources"] = {{"pids", {{"limit", 5}}}}; });
  Container container(bundle);
  const auto done =
      container.call({"--cgroup-manager=disabled", "run", "--bundle", bundle.path(), container.id()});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("pids.max cannot be set for a container without a cgroup"));
}

TEST_CASE("rootless: ports that the container holds, on the host's network or its own", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const auto [network, edit] = GENERATE(table<std::string, Edit>(
      {{"host", {}}, {"own", [](json& config) {
                        config["linux"]["namespaces"].push_back({{"type", "network"}});
                      }}}));
  const UserBundle bundle("serve tcp4 0", edit);
  Running server(bundle.line({"run", "--bundle", bundle.beside(""), "c"}));
  server.wait_for("listening.tcp4=");
  const auto done = bundle.call({"ports", "c"});
  INFO(done.out << done.err);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains(" " + Facts(server.out())["listening.tcp4"] + " ") &&
                           Catch::Contains(" " + network + " ") && Catch::Contains("probe"));
}

TEST_CASE("rootless: a list of ports to bind is kept by Landlock", "[rootless]") {
  NEEDS_ORDINARY_USER();
  NEEDS(syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 4, "needs Linux 6.7 with Landlock");
  const HostStack stack;
  const UserBundle bundle(
      "bind tcp4 0.0.0.0 8080 ; bind tcp4 0.0.0.0 8081 ; bind udp4 0.0.0.0 5353 ; "
      "bind tcp6 :: 8080 v6only ; bind tcp6 :: 8081 v6only ; bind udp6 :: 5353 v6only",
      [](json& config) { config["annotations"]["org.lodger.network.bind"] = "8080,1-65535/udp"; });
  const auto facts = inside_of(bundle);
  CHECK(facts["bind:tcp4:0.0.0.0:8080.errno"] == "0");
  CHECK(facts["bind:tcp4:0.0.0.0:8081.errno"] == std::to_string(EACCES));
  CHECK(facts["bind:udp4:0.0.0.0:5353.errno"] == "0");
  CHECK(facts["bind:tcp6::::8080.errno"] == "0");
  CHECK(facts["bind:tcp6::::8081.errno"] == std::to_string(EACCES));
  CHECK(facts["bind:udp6::::5353.errno"] == "0");
}

TEST_CASE("rootless: a map needs rights that an ordinary user has not", "[rootless]") {
  NEEDS_ORDINARY_USER();
  const HostStack stack;
  const UserBundle bundle("ids", [](json& config) {
    config["annotations"]["org.lodger.network.map"] = "true";
    config["annotations"]["org.lodger.network.publish"] = "8080:80";
  });
  const auto done = bundle.run();
  CHECK(done.status == 1);
  CHECK(done.err.find("--network host,map: ") != std::string::npos);
}

TEST_CASE(
    "rootless: an administrator's policy binds an ordinary user's lodger, and that of a rootless engine") {
  NEEDS_ORDINARY_USER();
  const OwnEtc etc;
  UserBundle bundle("echo ran");
  const std::string file = "/etc/lodger/policy.json";
  const auto denied = [&](const Args& wrapped) {
    support::write_file(file, R"({"version": 1, "network": {"host": "deny"}})");
    const auto done = bundle.run(wrapped);
    unlink(file.c_str());
    CHECK(done.status != 0);
    CHECK_THAT(done.err, Catch::Contains("is denied by the rule \"network.host\" of " + file));
  };
  CHECK(inside_of(bundle)["echo"] == "ran");
  denied({});
  // In another's user namespace, where root's files are those of the overflow user.
  bundle.edit([](json& config) { without_user_namespace(config); });
  const Args engine{"unshare", "-Urm"};
  CHECK(inside_of(bundle, engine)["echo"] == "ran");
  denied(engine);
}
