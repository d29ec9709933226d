// A relay from its start to its end: the process, what it may, what goes with it, and where there is no
// pasta.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <sstream>

#include "support/census.hpp"
#include "support/cgroups.hpp"
#include "support/policy_file.hpp"
#include "support/proc.hpp"
#include "support/relayed.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// One process for each relay that was made here, its children too.
std::vector<std::string> members_of(const std::vector<std::string>& folders) {
  std::set<std::string> pids;
  for (const auto& folder : folders)
    for (const auto& pid : words(read_file(folder + "/cgroup.procs"))) pids.insert(pid);
  return {pids.begin(), pids.end()};
}

/// What the links of a process's fds lead to.
std::vector<std::string> open_in(pid_t pid) {
  const auto folder = "/proc/" + std::to_string(pid) + "/fd";
  std::vector<std::string> found;
  std::istringstream all(run_command({"/usr/bin/find", folder, "-type", "l", "-printf", "%l\n"}).out);
  for (std::string line; std::getline(all, line);) found.push_back(line);
  return found;
}

void nothing_left(Container& container, const Bundle& bundle) {
  CHECK(soon_no_relays());
  CHECK(relay_cgroups(bundle) == std::vector<std::string>{});
  CHECK(container.leftovers() == std::vector<std::string>{});
}

/// A program in pasta's place.
std::string script(const Bundle& bundle, const std::string& text) {
  const auto path = bundle.beside("pasta");
  write_file(path, "#!/bin/sh\n" + text);
  REQUIRE(chmod(path.c_str(), 0755) == 0);
  return path;
}

struct Live {
  Bundle bundle;
  Container container;
  explicit Live(const std::string& line = "hold", const Edit& edit = {})
      : bundle(line, edit), container(bundle) {
    container.create(relay());
    container.start();
  }
};

Finished run_with(const std::string& program, Container& container) {
  Where argv{"/usr/bin/env", "LODGER_PASTA=" + program, runtime_path(), "--root", container.root()};
  for (const auto& word : container.making("run", relay())) argv.push_back(word);
  return run_command(argv);
}

}  // namespace

TEST_CASE("relay life: it is one process, in a cgroup of its own beside the container's", "[relay_life]") {
  RELAY_HOST();
  Live it;
  const auto pid = std::to_string(relay_pid(it.container));
  const auto folders = relay_cgroups(it.bundle);
  CHECK(folders.size() == cgroup_folders(it.bundle.name()).size());
  CHECK(members_of(folders) == std::vector<std::string>{pid});
  CHECK(words(relays_here()) == std::vector<std::string>{pid});
  for (const auto& one : members_of(cgroup_folders(it.bundle.name()))) CHECK(one != pid);
}

TEST_CASE("relay life: it has no power over the host and nothing of lodger's", "[relay_life]") {
  RELAY_HOST();
  Live it;
  const auto pid = relay_pid(it.container);
  CHECK(proc_status(pid, "NoNewPrivs") == "1");
  CHECK(proc_status(pid, "Seccomp") == "2");
  CHECK(proc_status(pid, "Groups") == "");
  for (const char* name : {"user", "mnt", "ipc", "uts"}) CHECK(ns_id(pid, name) != ns_id(getpid(), name));
  CHECK(ns_id(pid, "net") == ns_id(gettid(), "net"));
  CHECK(words(read_file("/proc/" + std::to_string(pid) + "/uid_map")).back() == "1");
  const auto environment = read_file("/proc/" + std::to_string(pid) + "/environ");
  CHECK((environment.empty() || environment.starts_with("PWD=")));  // of a script that runs the current one
  int network = 0;
  for (const auto& link : open_in(pid)) {
    CAPTURE(link);
    // its root is an empty folder; it reads who listens from /proc/PID/net
    const bool its_own = link.starts_with("socket:") || link.starts_with("pipe:") ||
                         link.starts_with("anon_inode:") || link == "/dev/null" ||
                         link.ends_with("/net/tun") || link == "/" || link.find("/net/tcp") != link.npos ||
                         link.find("/net/udp") != link.npos;
    network += link.starts_with("net:[");
    CHECK((its_own || link.starts_with("net:[")));
  }
  CHECK(network <= 1);
  // None of the sockets is one of lodger's: all are of the Internet, netlink, or a pair of its own.
  const auto theirs = shell("ss -xpH | grep pid=" + std::to_string(pid) + ",").out;
  CHECK(theirs.find("lodger") == std::string::npos);
}

TEST_CASE("relay life: a container's root has no capability over its network but those it is given",
          "[relay_life]") {
  RELAY_HOST();
  const bool granted = GENERATE(false, true);
  const Bundle bundle("make raw4", [&](json& config) {
    for (auto& set : config["process"]["capabilities"])
      set = granted ? json::array({"CAP_NET_RAW"}) : json::array();
  });
  Container container(bundle);
  const auto done = container.run(relay());
  CAPTURE(granted, done.err);
  // user_namespaces(7): whoever made the namespace that the network belongs to would have them all
  CHECK(Facts(done.out)["make:raw4.errno"] == (granted ? "0" : std::to_string(EPERM)));
}

TEST_CASE("relay life: it goes with the container", "[relay_life]") {
  RELAY_HOST();
  const std::string way = GENERATE("delete", "delete --force", "killed");
  CAPTURE(way);
  Live it;
  CHECK(relays_here() != "");
  if (way != "delete --force") {
    if (way == "killed")
      REQUIRE(kill(it.container.pid(), SIGKILL) == 0);
    else
      CHECK(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
    it.container.wait_for("stopped");
    CHECK(it.container.call({"delete", it.container.id()}).status == 0);
  }
  CHECK(it.container.remove().status == 0);
  nothing_left(it.container, it.bundle);
}

TEST_CASE("relay life: it goes with `run`, whose container ends", "[relay_life]") {
  RELAY_HOST();
  const Bundle bundle("ns");
  Container container(bundle);
  const auto done = container.run(relay());
  INFO(done.summary());
  CHECK(done.status == 0);
  CHECK(Facts(done.out)["ns.net"] != ns_id(gettid(), "net"));
  nothing_left(container, bundle);
}

TEST_CASE("relay life: a create that fails leaves none", "[relay_life]") {
  RELAY_HOST();
  const std::string kind = GENERATE("prestart", "createRuntime", "createContainer", "no such program");
  CAPTURE(kind);
  const Bundle bundle("hold", [&](json& config) {
    if (kind.starts_with("no"))
      config["process"]["args"] = {"/no/such"};
    else
      config["hooks"][kind] = {{{"path", "/bin/false"}}};
  });
  Container container(bundle);
  CHECK(container.call(container.making("create", relay())).status != 0);
  CHECK(container.call({"state", container.id()}).status != 0);
  nothing_left(container, bundle);
}

TEST_CASE("relay life: without pasta the package is named, and nothing is made", "[relay_life]") {
  RELAY_HOST();
  const Bundle bundle("echo ran");
  Container container(bundle);
  SECTION("none at all") {
    // empty folders in the place of the machine's, for this command alone
    const auto hide =
        "for f in /usr/local/bin/pasta /usr/bin/pasta; do test ! -e $f || mount --bind $0 $f; "
        "done; unset LODGER_PASTA; exec \"$@\"";
    Where argv{"/usr/bin/unshare", "-m",     "/bin/sh",       "-c", hide, bundle.beside("config.json"),
               runtime_path(),     "--root", container.root()};
    for (const auto& word : container.making("run", relay())) argv.push_back(word);
    const auto done = run_command(argv);
    CHECK(done.status != 0);
    CHECK(done.err ==
          "lodger: --network relay needs the program pasta, and there is none in /usr/local/bin, /usr/bin or "
          "/bin: "
          "install the package passt (apt install passt)\n");
    CHECK(done.out == "");
  }
  SECTION("a path to nothing") {
    const auto [path, why] =
        GENERATE(table<std::string, const char*>({{"/nonexistent", "No such file or directory"},
                                                  {"pasta", "not an absolute path"},
                                                  {"/etc/passwd", "Permission denied"}}));
    const auto done = run_with(path, container);
    CHECK(done.status != 0);
    CHECK(done.err == "lodger: --network relay: LODGER_PASTA=" + path + ": " + why + "\n");
    CHECK(done.out == "");
  }
  SECTION("another program") {
    const auto done = run_with("/bin/echo", container);
    CHECK(done.status != 0);
    CHECK_THAT(done.err,
               Catch::StartsWith(
                   "lodger: --network relay: /bin/echo: not pasta: asked for its version it says \"echo "));
    CHECK(done.out == "");
  }
  nothing_left(container, bundle);
}

TEST_CASE("relay life: a program is waited for until it has said its version, and not for long",
          "[relay_life]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "a mode of lodger's");
  NEEDS_TUN();
  const HostStack stack;
  struct Case {
    const char *limit, *program, *text;
  };
  const auto [limit, program, text] =
      GENERATE(Case{"1", "exec sleep 617", " for its version: interrupted\n"},
               Case{"15", "exec sleep 617", " for its version: no answer in 10 s\n"},
               Case{"15", "while :; do printf p; sleep 1; done", " for its version: no answer in 10 s\n"},
               Case{"9", "test $1 != --version || { echo pasta 0.0~git20261002; sleep 617; }; exit 3",
                    " (0.0~git20261002): it ended with status 3\n"});
  CAPTURE(limit, program);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto path = script(bundle, program);
  Where argv{"/usr/bin/timeout",     "--preserve-status", limit,    "/usr/bin/env",
             "LODGER_PASTA=" + path, runtime_path(),      "--root", container.root()};
  for (const auto& word : container.making("run", relay())) argv.push_back(word);
  const auto done = run_command(argv);
  INFO(done.summary());
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::EndsWith(path + text));
  CHECK(shell("pgrep -f '^sleep 617' --ns $$ --nslist net").out == "");
  nothing_left(container, bundle);
}

TEST_CASE("relay life: a pasta that fails is quoted, and nothing is left", "[relay_life]") {
  RELAY_HOST();
  struct Case {
    const char *end, *text;
  };
  const auto& [end, text] = GENERATE(
      Case{"echo 'Failed to send 9 bytes to syslog' >&2; echo 'no luck today' >&2; exit 1",
           ": no luck today\n"},
      Case{"exit 3", ": it ended with status 3\n"}, Case{"kill -9 $$", ": it ended with status 137\n"});
  CAPTURE(end);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto path = script(
      bundle, "test \"$1\" != --version || { echo pasta 0.0~git20261002; exit; }\n" + std::string(end));
  const auto done = run_with(path, container);
  CHECK(done.status != 0);
  CHECK(done.out == "");
  CHECK(done.err == "lodger: --network relay: " + path + " (0.0~git20261002)" + text);
  nothing_left(container, bundle);
}

TEST_CASE("relay life: one that is killed is told of, and `network prune` starts another", "[relay_life]") {
  RELAY_HOST();
  Live it(stand(tcp_stacks, "8000") + "answer");
  CHECK(answers({}, "tcp4", "8000"));
  const auto first = relay_pid(it.container);
  const auto prune = [&] { return it.container.call({"network", "prune"}); };
  CHECK(prune().out == "");  // it lives: there is nothing to do
  CHECK(relay_pid(it.container) == first);

  REQUIRE(kill(first, SIGKILL) == 0);
  CHECK(eventually([&] { return relay_of(it.container)["running"] == false; }));
  CHECK(it.container.status() == "running");
  CHECK(asked({}, "tcp4", "8000") == "");
  const auto ports = it.container.call({"ports", it.container.id()});
  CHECK_THAT(
      ports.out + ports.err,
      Catch::Contains("container " + it.container.id() + ": its relay, process " + std::to_string(first) +
                      ", has ended: nothing is carried between the container and the host; `lodger network "
                      "prune` starts another"));

  const auto mended = prune();
  INFO(mended.summary());
  CHECK(mended.status == 0);
  CHECK(mended.out == "container " + it.container.id() + ": its relay had ended; there is a new one\n");
  const auto second = relay_pid(it.container);
  CHECK(second != first);
  CHECK(relay_of(it.container)["running"] == true);
  CHECK(answers({}, "tcp4", "8000"));
  CHECK(members_of(relay_cgroups(it.bundle)) == std::vector<std::string>{std::to_string(second)});
  const Running server = serving(stand(tcp_stacks, "9000", true));
  CHECK(answers(inside_of(it.container), "tcp4", "9000"));
  const auto again = prune();
  CHECK(again.out + again.err == "");
  CHECK(relay_pid(it.container) == second);
  CHECK(it.container.remove().status == 0);
  nothing_left(it.container, it.bundle);
}

TEST_CASE("relay life: a narrowed one is mended as narrow as it was", "[relay_life]") {
  RELAY_HOST();
  const Bundle bundle(stand(tcp_stacks, "8000") + stand(tcp_stacks, "8001") + "answer", without_raw_sockets);
  Container container(bundle);
  container.create(relay("ports=8001,to-host=none"));
  container.start();
  REQUIRE(kill(relay_pid(container), SIGKILL) == 0);
  CHECK(eventually([&] { return relay_of(container)["running"] == false; }));
  CHECK(container.call({"network", "prune"}).status == 0);
  CHECK(answers({}, "tcp4", "8001"));
  CHECK(asked({}, "tcp4", "8000") == "");
}

TEST_CASE("relay life: `network prune` asks an administrator who has spoken since", "[relay_life]") {
  RELAY_HOST();
  Live it;
  REQUIRE(kill(relay_pid(it.container), SIGKILL) == 0);
  CHECK(eventually([&] { return relay_of(it.container)["running"] == false; }));
  const auto prune = [&](const PolicyFile& word) {
    return run_command(
        {runtime_path(), "--root", it.container.root(), "--policy", word.file, "network", "prune"});
  };
  for (const char* network : {R"({"relay": "deny"})", R"({"relay": {"deny-unless": ["ports"]}})",
                              R"({"relay": {"deny-unless": ["no-CAP_NET_RAW"]}})"}) {
    const PolicyFile word(network);
    const auto done = prune(word);
    INFO(network << " " << done.summary());
    CHECK(done.out == "");
    CHECK_THAT(
        done.err,
        Catch::StartsWith(
            "lodger: warning: container " + it.container.id() +
            ": network mode relay (by another one, in place of one that had ended) is denied by the rule "
            "\"network.relay\" of " +
            word.file));
    CHECK(relay_of(it.container)["running"] == false);
  }
  const PolicyFile word(R"({"host": "deny", "relay": {"deny-unless": ["no-CAP_SYS_ADMIN"]}})");
  CHECK(prune(word).out == "container " + it.container.id() + ": its relay had ended; there is a new one\n");
  CHECK(relay_of(it.container)["running"] == true);
}

TEST_CASE("relay life: a container that has ended gets no other", "[relay_life]") {
  RELAY_HOST();
  Live it;
  REQUIRE(kill(relay_pid(it.container), SIGKILL) == 0);
  CHECK(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
  it.container.wait_for("stopped");
  const auto done = it.container.call({"network", "prune"});
  CHECK(done.out + done.err == "");
  CHECK(soon_no_relays());
}

TEST_CASE("relay life: exec is in the container's network", "[relay_life]") {
  RELAY_HOST();
  Live it;
  const auto seen =
      Facts(it.container.call({"exec", it.container.id(), "/bin/probe", "ns", ";", "interfaces"}).out);
  CHECK(seen["ns.net"] == ns_id(it.container.pid(), "net"));
  CHECK(words(seen["interfaces"]) == std::vector<std::string>{"lo", "eth0"});
}
