// "lodger check": what it says about the machine is what a container then meets.
#include <catch2/catch.hpp>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>

#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"
#include "support/relayed.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json findings(const Finished& finished) { return json::parse(finished.out); }

json find(const json& all, const std::string& subject) {
  for (const auto& one : all)
    if (one["subject"] == subject) return one;
  return {};
}

Finished check(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"check", "--format", "json"});
  more.insert(more.begin(), runtime_path());
  return run_command(more);
}

/// The same where one system call is answered with ENOSYS, as an old kernel does.
Finished check_without(long number) {
  const sock_filter program[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                                 {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<unsigned>(number)},
                                 {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
                                 {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog filter{4, const_cast<sock_filter*>(program)};
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0)
      execl(runtime_path().c_str(), "lodger", "check", "--format", "json", nullptr);
    _exit(126);
  }
  close(ends[1]);
  Finished finished;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    finished.out.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  finished.status = WEXITSTATUS(status);
  return finished;
}

}  // namespace

TEST_CASE("check: this machine runs containers, and each line tells what follows", "[check]") {
  NEEDS_ROOT();
  const auto finished = check();
  CHECK(finished.status == 0);
  const auto all = findings(finished);
  CHECK(all.size() > 30);
  for (const auto& one : all) {
    INFO(one);
    CHECK(one["verdict"] != "bad");
    CHECK_FALSE(one["found"].get<std::string>().empty());
    if (one["verdict"] == "limited") CHECK_FALSE(one["consequence"].get<std::string>().empty());
  }
  const auto text = run_command({runtime_path(), "check"});
  CHECK(text.status == 0);
  for (const char* topic : {"\nnamespaces\n", "\ncgroups\n", "\nsecurity\n"}) CHECK(text.out.contains(topic));
}

TEST_CASE("check: a system call that is missing is found, with what it means", "[check]") {
  struct Row {
    const char* name;
    long number;
    const char* verdict;
  };
  for (const auto& row : {Row{"openat2", SYS_openat2, "bad"}, Row{"mount_setattr", SYS_mount_setattr, "bad"},
                          Row{"bpf", SYS_bpf, "limited"}}) {
    const auto finished = check_without(row.number);
    INFO(row.name);
    const auto line = find(findings(finished), row.name);
    CHECK(line["verdict"] == row.verdict);
    CHECK(line["found"] == "missing");
    CHECK(line["consequence"].get<std::string>().contains("needed for"));
    CHECK(finished.status == (std::string(row.verdict) == "bad" ? 1 : 0));
    CHECK(find(findings(check()), row.name)["verdict"] == "ok");
  }
}

TEST_CASE("check: namespaces that a limit forbids are found", "[check]") {
  NEEDS_ROOT();
  // In a user namespace of its own the limit can be set for this test alone: namespaces(7), /proc/sys/user.
  const auto finished = run_command(
      {"/usr/bin/unshare", "-Ur", "sh", "-c",
       "echo 0 >/proc/sys/user/max_uts_namespaces && exec \"$0\" check --format json", runtime_path()});
  NEEDS(finished.out.starts_with("["), "no user namespaces here: " + finished.err);
  const auto line = find(findings(finished), "uts");
  CHECK(line["verdict"] == "limited");
  CHECK(line["found"] == "cannot be made: No space left on device");
  CHECK(find(findings(finished), "pid")["verdict"] == "ok");
}

TEST_CASE("check: a bundle that runs here, and that was not run", "[check]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  const auto finished = check({"--bundle", bundle.path()});
  CHECK(finished.status == 0);
  CHECK(findings(finished).back()["found"] == "can run here");
  Container container(bundle);
  CHECK(container.run().status == 0);
}

TEST_CASE("check: all that stands against a bundle is told at once", "[check]") {
  NEEDS_ROOT();
  Bundle bundle("exit 0", [](json& config) {
    config["process"]["cwd"] = "relative";
    config["hooks"]["poststop"] = json::array({{{"path", "relative"}}});
    config["linux"]["rootfsPropagation"] = "sideways";
    config["linux"]["sysctl"]["net.ipv4.ip_forward"] = "77";
    config["linux"]["resources"]["pids"]["limit"] = 5;
  });
  auto finished = check({"--bundle", bundle.path()});
  CHECK(finished.status == 1);
  CHECK(finished.out.contains("net.ipv4.ip_forward"));
  bundle.edit([](json& config) { config["linux"].erase("sysctl"); });
  finished = check({"--bundle", bundle.path()});
  CHECK(finished.status == 1);
  for (const char* property : {"process.cwd", "hooks.poststop[0].path", "linux.rootfsPropagation"})
    CHECK(finished.out.contains(property));
}

TEST_CASE("check: a bundle for another platform is told, and not started", "[check]") {
  NEEDS_ROOT();
  const std::string platform = GENERATE("windows", "freebsd");
  const Bundle bundle("echo ran", [&](json& config) {
    config.erase("linux");
    config[platform] = json::object();
  });
  const auto words =
      platform + ": lodger runs Linux containers, and this configuration is for something else";
  const auto checked = check({"--bundle", bundle.path()});
  CHECK(checked.status == 1);
  CHECK_THAT(checked.out, Catch::Contains(words));
  Container container(bundle);
  const auto ran = container.run();
  CHECK(ran.status == 1);
  CHECK(ran.out == "");
  CHECK(ran.err == "lodger: " + words + "\n");
}

TEST_CASE("check: what the host lacks for a bundle is told as create tells it, and nothing is made",
          "[check]") {
  NEEDS_ROOT();
  Bundle bundle("exit 0", [](json& config) {
    config["mounts"].push_back(
        {{"destination", "/data"}, {"source", "/no/such/folder"}, {"options", {"bind"}}});
  });
  const auto finished = check({"--bundle", bundle.path()});
  CHECK(finished.status == 1);
  const auto line = findings(finished).back();
  CHECK(line["verdict"] == "bad");
  Container container(bundle);
  const auto created = container.run();
  CHECK(created.err == "lodger: " + line["found"].get<std::string>() + "\n");
}

TEST_CASE("check: all that the host lacks for a bundle is told at once, create's reason first", "[check]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0", [](json& config) {
    for (const json& space : {json{{"type", "network"}}, json{{"type", "time"}, {"path", "/no/such/time"}}})
      config["linux"]["namespaces"].push_back(space);
    for (const char* name : {"one", "two"})
      config["mounts"].push_back({{"destination", std::string("/") + name},
                                  {"source", std::string("/no/such/") + name},
                                  {"options", {"bind"}}});
    config["root"]["path"] = "no-such-root";
    config["linux"]["netDevices"]["none0"] = json::object();
    config["linux"]["netDevices"]["none1"] = json::object();
  });
  const auto finished = check({"--bundle", bundle.path()});
  CHECK(finished.status == 1);
  const auto all = findings(finished);
  INFO(all.back());
  std::vector<std::string> found;
  for (const auto& one : all)
    if (one["topic"] == "bundle" && one["verdict"] == "bad") found.push_back(one["found"]);
  for (const char* thing :
       {"none0", "none1", "/no/such/time", "root.path ", "/no/such/one", "/no/such/two"}) {
    CAPTURE(thing);
    const auto names_it = [&](const std::string& text) { return text.contains(thing); };
    CHECK(std::ranges::count_if(found, names_it) == 1);
  }
  CHECK(found.size() == 6);
  Container container(bundle);
  CHECK(container.run().err == "lodger: " + found.at(0) + "\n");
}

TEST_CASE("check: what the host's network means for a bundle", "[check]") {
  NEEDS_ROOT();
  const auto about = [](const Edit& edit, std::vector<std::string> options = {}) {
    const Bundle bundle("exit 0", edit);
    options.insert(options.begin(), {"--bundle", bundle.path()});
    const auto finished = check(options);
    CHECK(finished.status == 0);
    return findings(finished);
  };
  const Edit raw = [](json& config) {
    for (const char* set : {"bounding", "permitted", "effective"})
      config["process"]["capabilities"][set] = {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_MODULE",
                                                "CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"};
  };
  const auto all = about(raw, {"--network", "host"});
  CHECK(find(all, "stack")["found"] == "the host's");
  CHECK(find(all, "CAP_NET_ADMIN")["verdict"] == "limited");
  for (const char* subject : {"CAP_SYS_MODULE", "CAP_DAC_READ_SEARCH"})
    CHECK(find(all, subject)["verdict"] == "limited");
  CHECK(std::ranges::count(all, json("CAP_SYS_PTRACE"), [](const json& one) { return one["subject"]; }) == 0);
  auto groups = words(read_file("/proc/sys/net/ipv4/ping_group_range"));
  REQUIRE(groups.size() == 2);
  CHECK(find(all, "CAP_NET_RAW")["consequence"].get<std::string>().ends_with(
      "ping_group_range (now \"" + groups[0] + " " + groups[1] + "\")"));
  CHECK(find(all, "low ports")["consequence"].get<std::string>().contains("EACCES"));
  CHECK(all.back()["found"] == "can run here");

  const auto mild = about([](json& config) {
    for (const char* set : {"bounding", "permitted", "effective"})
      config["process"]["capabilities"][set] = {"CAP_NET_BIND_SERVICE"};
  });
  for (const char* subject : {"CAP_NET_ADMIN", "CAP_NET_RAW", "low ports"})
    CHECK(std::ranges::count(mild, json(subject), [](const json& one) { return one["subject"]; }) == 0);

  const auto apart = about(raw, {"--network", "none"});
  CHECK(std::ranges::count(apart, json("network"), [](const json& one) { return one["topic"]; }) == 0);
}

TEST_CASE("check: ports below the host's first free one, by capability, user namespace, list and map",
          "[check]") {
  NEEDS_ROOT();
  const HostStack stack;
  const bool apart = GENERATE(false, true);
  CAPTURE(apart);
  const auto about = [&](const std::string& options) {
    const Bundle bundle("exit 0", [&](json& config) {
      config["process"]["capabilities"] = json::object();
      if (!apart) return;
      config["linux"]["namespaces"].push_back({{"type", "user"}});
      for (const char* ids : {"uidMappings", "gidMappings"})
        config["linux"][ids] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}};
    });
    return findings(check({"--bundle", bundle.path(), "--network", "host" + options, "-p", "8080:80"}));
  };
  write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "600");
  const auto plain = about("");
  CHECK(find(plain, "low ports")["verdict"] == "limited");
  CHECK(find(plain, "low ports")["found"] ==
        (apart ? "no capability counts in a user namespace" : "CAP_NET_BIND_SERVICE is not granted"));
  CHECK(find(plain, "low ports")["consequence"] ==
        "a port below 600 (the host's net.ipv4.ip_unprivileged_port_start) cannot be bound: EACCES");
  if (apart) {
    CHECK(find(plain, "user namespace")["verdict"] == "limited");
    CHECK(find(plain, "user namespace")["consequence"].get<std::string>().contains("no raw sockets"));
    CHECK_FALSE(find(plain, "user namespace")["consequence"].get<std::string>().contains("port"));
  }

  const auto mapped = about(",map");
  CHECK(find(mapped, "low ports")["verdict"] == "limited");
  CHECK(find(mapped, "low ports")["consequence"].get<std::string>().ends_with(
      "unless it is published: EACCES"));
  CHECK(find(mapped, "ports")["found"].get<std::string>().starts_with(
      "those published, by the map; any other"));

  for (const char* options : {",bind=80", ",bind=80,map"}) {
    const auto listed = about(options);
    CHECK(find(listed, "low ports")["verdict"] == "ok");
    CHECK(find(listed, "low ports")["found"] == "those on the list need no CAP_NET_BIND_SERVICE");
    CHECK(find(listed, "ports")["found"].get<std::string>().contains("by the map") ==
          std::string(options).ends_with("map"));
  }

  for (const char* start : {"0", "1"}) {
    write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", start);
    const auto all = about("");
    CHECK(std::ranges::count(all, json("low ports"), [](const json& one) { return one["subject"]; }) == 0);
  }
}

TEST_CASE("check: the host's abstract sockets are counted", "[check]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  const auto line = [&] {
    return find(findings(check({"--bundle", bundle.path(), "--network", "host"})), "abstract sockets");
  };
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{AF_UNIX, {}};
  std::snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "lodger-check-%d", ::getpid());
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  const auto before = line();  // bound, but nobody listens
  REQUIRE(::listen(listener, 1) == 0);
  const auto after = line();
  ::close(listener);
  const auto number = [](const json& one) { return std::atoi(one["found"].get<std::string>().c_str()); };
  CHECK(number(after) == number(before) + 1);
  CHECK(after["consequence"].get<std::string>().contains("private-abstract"));
}

namespace {

/// `check`, where pasta is a program of this version, in the bundle's folder.
Finished check_with(const Bundle& bundle, const std::string& version, std::vector<std::string> more = {}) {
  const auto program = bundle.path() + "/pasta";
  write_file(program, "#!/bin/sh\necho \"" + version + "\"\n", 0755);
  more.insert(more.begin(),
              {"/usr/bin/env", "LODGER_PASTA=" + program, runtime_path(), "check", "--format", "json"});
  return run_command(more);
}
Finished check_relay(const Bundle& bundle, const std::string& version, const std::string& mode) {
  return check_with(bundle, version, {"--bundle", bundle.path(), "--network", mode});
}

}  // namespace

TEST_CASE("check: which pasta there is, and what its version leaves undone", "[check]") {
  const Bundle bundle("exit 0");
  const auto line = [&](const std::string& version) {
    return find(findings(check_with(bundle, version)), "pasta");
  };
  const auto old = line("pasta unknown version");
  CHECK(old["verdict"] == "limited");
  CHECK(old["found"] == bundle.path() + "/pasta (unknown version)");
  CHECK(old["consequence"].get<std::string>().contains("UDP"));
  const auto current = line("pasta 0.0~git20261002.cba3570-1");
  CHECK(current["verdict"] == "ok");
  CHECK(current["found"] == bundle.path() + "/pasta (0.0~git20261002.cba3570-1)");
  const auto other = line("no such thing");
  CHECK(other["verdict"] == "limited");
  CHECK(other["consequence"].get<std::string>().contains("not pasta"));

  const auto finished = check_relay(bundle, "pasta unknown version", "relay,ports=8000");
  CHECK(finished.status == 1);
  CHECK(findings(finished).back()["found"].get<std::string>().contains("confuses the directions"));
}

TEST_CASE("check: what a relay lets in and out", "[check]") {
  NEEDS_TUN();
  const Bundle bundle("exit 0", without_raw_sockets);
  const auto finished = check_relay(bundle, "pasta 0.0~git20261002", "relay,ports=8000,to-host=none");
  CHECK(finished.status == 0);
  const auto all = findings(finished);
  CHECK(find(all, "stack")["found"] == "its own, with a relay to the host's");
  CHECK(find(all, "ports")["found"] == "8000/tcp");
  CHECK(find(all, "the host's loopback")["found"] == "none");
  CHECK(all.back()["found"] == "can run here");
}

TEST_CASE("check: a relay that create would refuse for what the container may, or for its users", "[check]") {
  NEEDS_TUN();
  const auto found = [](const std::string& mode, const Edit& edit) {
    const auto finished = check_relay(Bundle("exit 0", edit), "pasta 0.0~git20261002", mode);
    CHECK(finished.status == (finished.out.contains("can run here") ? 0 : 1));
    return findings(finished).back()["found"].get<std::string>();
  };
  const auto with = [](const char* capability) {
    return [=](json& config) {
      for (auto& set : config["process"]["capabilities"]) set = json::array({capability});
    };
  };
  CHECK(found("relay,to-host=80", with("CAP_CHOWN")) == "can run here");
  for (const char* capability : {"CAP_NET_RAW", "CAP_NET_ADMIN"}) {
    CHECK(found("relay", with(capability)) == "can run here");
    CHECK(found("relay,to-host=80", with(capability))
              .starts_with(std::string("--network relay,to-host: with ") + capability));
  }
  CHECK(found("relay", [](json& config) {
          config["linux"]["namespaces"].push_back({{"type", "user"}});
          for (const char* map : {"uidMappings", "gidMappings"})
            config["linux"][map] = {{{"containerID", 1}, {"hostID", 100'000}, {"size", 10}}};
        }).starts_with("--network relay: the container's user namespace has no user and group 0"));
}

TEST_CASE("check: no bundle at all", "[check]") {
  const auto finished = check({"--bundle", "/no/such/bundle"});
  CHECK(finished.status == 1);
  CHECK(findings(finished).back()["found"] == "bundle /no/such/bundle: No such file or directory");
}
