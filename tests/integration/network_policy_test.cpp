// An administrator's word on network modes: no spelling slips through, and a refusal says what would do.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/own_etc.hpp"
#include "support/policy_file.hpp"
#include "support/proc.hpp"
#include "support/tracer.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

using Flags = std::vector<std::string>;

const std::string isolation = R"({"host": "deny"})";

Finished run_under(const PolicyFile& word, const Flags& flags = {}, const Edit& edit = {}) {
  const Bundle bundle("echo ran", edit);
  Container container(bundle, word.flags());
  return container.run(flags);
}

/// It runs, and its process says so.
void allowed(const PolicyFile& word, const Flags& flags = {}, const Edit& edit = {}) {
  const auto done = run_under(word, flags, edit);
  INFO(json(flags).dump() << " " << done.summary());
  CHECK(done.status == 0);
  CHECK(Facts(done.out)["echo"] == "ran");
}

/// One line with all of these texts and the policy's file, and no container.
void denied(const PolicyFile& word, const Flags& texts, const Flags& flags = {}, const Edit& edit = {}) {
  const auto done = run_under(word, flags, edit);
  INFO(json(flags).dump() << " " << done.summary());
  CHECK(done.status != 0);
  CHECK(done.out.empty());
  for (const auto& text : texts) CHECK_THAT(done.err, Catch::Contains(text));
  CHECK_THAT(done.err, Catch::Contains(" of " + word.file) && Catch::Contains("allowed instead: "));
}

Edit joining(const std::string& path) {
  return [=](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "network"}, {"path", path}});
  };
}
void own_network(json& config) { config["linux"]["namespaces"].push_back({{"type", "network"}}); }
/// For containers that share a bundle, or run beside another.
void no_capabilities(json& config) { config["process"].erase("capabilities"); }

/// A container that sleeps, on the host's network or with one of its own.
struct Other : Created {
  explicit Other(const Edit& edit = {}) : Created(edit) {}
  std::string net() { return "/proc/" + std::to_string(container.pid()) + "/ns/net"; }
};

/// Of a refusal of the host's network, whoever asked for it.
const Flags host_denied{"network mode host (by ", "is denied by the rule \"network.host\"",
                        "allowed instead: ", "--network none"};

/// Where the machine's first process may not be looked at (by root without CAP_SYS_PTRACE, say) this one
/// stands for it, which is on the same stack.
struct FirstProcess : OwnEtc {
  FirstProcess() {
    const auto own = "/proc/" + std::to_string(getpid());
    if (access("/proc/1/ns/net", F_OK) != 0)
      REQUIRE(mount(own.c_str(), "/proc/1", nullptr, MS_BIND, nullptr) == 0);
  }
};

}  // namespace

TEST_CASE("policy: where host mode is denied it cannot be had, however it is spelled") {
  NEEDS_ROOT();
  const PolicyFile word(isolation);
  const OwnEtc own_mounts;
  const std::string link = "/run/lodger-test-link-" + unique_name(), bound = link + "-bound";
  REQUIRE(symlink("/proc/thread-self/ns/net", link.c_str()) == 0);
  support::write_file(bound, "");
  REQUIRE(mount("/proc/self/ns/net", bound.c_str(), nullptr, MS_BIND, nullptr) == 0);
  Other neighbour;
  SECTION("no entry, and --network host") {
    denied(word, host_denied);
    denied(word, host_denied, {"--network", "host"});
    denied(word, host_denied, {"--network", "host"}, own_network);
    denied(word, host_denied, {"--network=host,bind=none"});
    denied(word, host_denied, {"--net", "host"});
  }
  SECTION("a path, in the bundle or on the command line") {
    for (const auto& path : {std::string("/proc/self/ns/net"), std::string("/proc/thread-self/ns/net"),
                             "/proc/" + std::to_string(getpid()) + "/ns/net",
                             std::string("//proc/./1/../self/ns/net"), link, bound}) {
      denied(word, host_denied, {}, joining(path));
      denied(word, host_denied, {"--network", "ns:" + path});
    }
  }
  SECTION("another container that lives there") {
    denied(word, host_denied, {}, joining(neighbour.net()));
    denied(word, host_denied, {"--network", "ns:" + neighbour.net()});
    const auto done =
        neighbour.container.call({"--policy", word.file, "run", "--bundle", neighbour.bundle.path(),
                                  "--network", "container:" + neighbour.container.id(), unique_name()});
    CHECK(done.status != 0);
    for (const auto& text : host_denied) CHECK_THAT(done.err, Catch::Contains(text));
    CHECK_THAT(done.err, Catch::Contains("by --network container:" + neighbour.container.id()));
  }
  SECTION("the machine's, where lodger was started on another stack") {
    const Bundle bundle("echo ran");
    Container container(bundle);
    const auto run = [&](const Flags& globals) {
      Flags line{"/usr/bin/unshare",
                 "--pid",
                 "--fork",
                 "--mount-proc",
                 "/bin/sh",
                 "-c",
                 "unshare --net \"$@\"; exit $?",
                 "sh",
                 runtime_path(),
                 "--root",
                 container.root()};
      line.insert(line.end(), globals.begin(), globals.end());
      for (const auto& part : container.making("run", {"--network", "ns:/proc/1/ns/net"}))
        line.push_back(part);
      return run_command(line);
    };
    const auto done = run(word.flags());
    CHECK(done.status != 0);
    for (const auto& text : host_denied) CHECK_THAT(done.err, Catch::Contains(text));
    CHECK(Facts(run({}).out)["echo"] == "ran");
  }
  umount(bound.c_str());
  unlink(bound.c_str());
  unlink(link.c_str());
}

TEST_CASE("policy: what is not the host's network stays") {
  NEEDS_ROOT();
  const PolicyFile word(isolation);
  const FirstProcess seen;
  Other elsewhere(own_network);
  allowed(word, {"--network", "none"});
  allowed(word, {}, own_network);
  allowed(word, {"--network", "ns:" + elsewhere.net()});
  allowed(word, {}, joining(elsewhere.net()));
}

TEST_CASE(
    "policy: a path that cannot be told from the machine's counts as the machine's, to all of its rules") {
  NEEDS_ROOT();
  const PolicyFile isolated(isolation), none("{}");
  Other elsewhere(own_network);
  const OwnEtc own_mounts;
  REQUIRE(mount("nothing", "/proc/1", "tmpfs", MS_RDONLY, nullptr) == 0);
  const Flags why{host_denied[0], host_denied[1], "which may be the host's: ", "/proc/1/ns/net"};
  denied(isolated, why, {"--network", "ns:" + elsewhere.net()});
  denied(isolated, why, {}, joining(elsewhere.net()));
  allowed(isolated, {}, own_network);
  allowed(none, {}, joining(elsewhere.net()));
  // off it leads an annotation only where it is the host's for certain
  denied(none, {"may take a container off the host's network"}, {}, [&](json& config) {
    joining(elsewhere.net())(config);
    config["annotations"] = {{"org.lodger.network.mode", "bridge"}};
  });
}

TEST_CASE("policy: who cannot join the machine's network is not taken to do so") {
  NEEDS_ROOT();
  const PolicyFile word(isolation);
  const Bundle bundle("echo ran", [](json& config) {
    joining("/proc/self/fd/9")(config);
    std::erase_if(config["mounts"].get_ref<json::array_t&>(),
                  [](const json& one) { return one["destination"] != "/proc"; });
  });
  Container container(bundle);
  // root of a user namespace, which sees nothing of the machine's first process, and another stack of its own
  Flags line{"/usr/bin/unshare",
             "-Urmn",
             "/bin/sh",
             "-c",
             "exec 9</proc/self/ns/net; exec unshare -n \"$@\"",
             "sh",
             runtime_path(),
             "--root",
             container.root(),
             "--policy",
             word.file,
             "--cgroup-manager",
             "disabled"};
  for (const auto& part : container.making("run")) line.push_back(part);
  const auto done = run_command(line);
  INFO(done.summary());
  CHECK(Facts(done.out)["echo"] == "ran");
}

TEST_CASE("policy: create is judged as run is; what is there is not: start, exec, delete") {
  NEEDS_ROOT();
  const PolicyFile word(isolation);
  const Bundle bundle("hold");
  Container container(bundle, word.flags());
  const auto done = container.call(container.making("create"));
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("\"network.host\" of " + word.file));
  Other before;
  const auto with = [&](Flags args) {
    args.insert(args.begin(), {"--policy", word.file});
    return before.container.call(args).status;
  };
  CHECK(with({"start", before.container.id()}) == 0);
  before.container.wait_for_output("holding");
  CHECK(with({"exec", before.container.id(), "/bin/probe", "echo", "x"}) == 0);
}

#if defined(__x86_64__)
TEST_CASE("policy: a path that is swapped at any moment leads nobody onto the host's network") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  const PolicyFile word(isolation);
  const FirstProcess seen;
  Other elsewhere(own_network);
  const auto link = "/run/lodger-test-swap-" + unique_name(), fresh = link + ".new";
  const auto lead_to = [&](const std::string& target) {
    REQUIRE(symlink(target.c_str(), fresh.c_str()) == 0);
    REQUIRE(rename(fresh.c_str(), link.c_str()) == 0);
  };
  const Bundle bundle("hold", joining(link));
  const auto host = ns_id(getpid(), "net");
  unsigned made = 0, refused = 0;
  bool swapped = true;
  for (unsigned moment = 0; swapped; ++moment) {
    CAPTURE(moment);
    Container container(bundle, word.flags());
    lead_to(elsewhere.net());
    auto command = container.making("create");
    command.insert(command.begin(), {runtime_path(), "--root", container.root(), "--policy", word.file});
    swapped = false;
    std::thread([&] {  // a thread of its own: see Tracer
      unsigned count = 0;
      Tracer(command).refuse([&](long number, const long(&)[6]) {
        const bool resolves = number == SYS_openat || number == SYS_openat2 || number == SYS_newfstatat;
        if (resolves && count++ == moment) {
          lead_to("/proc/" + std::to_string(getpid()) + "/ns/net");
          swapped = true;
        }
        return 0;
      });
    })
        .join();
    const auto state = container.call({"state", container.id()});
    state.status == 0 ? ++made : ++refused;
    if (state.status == 0) CHECK(ns_id(json::parse(state.out)["pid"], "net") != host);
  }
  CHECK(made > 0);
  CHECK(refused > 1);  // before it is looked at, and between that and its opening
  unlink(link.c_str());
}
#endif

TEST_CASE("policy: deny-unless wants what it names, and is content with it") {
  NEEDS_ROOT();
  const auto unless = [](const std::string& condition) {
    return R"({"host": {"deny-unless": [")" + condition + "\"]}}";
  };
  SECTION("a list of ports to bind") {
    const PolicyFile word(unless("bind"));
    denied(word, {"it has no list of ports to bind (--network host,bind=PORTS)", "--network none"});
    CHECK_THAT(run_under(word, {"--network", "host,bind=80"}).err, !Catch::Contains("denied"));
  }
  SECTION("abstract sockets out of reach") {
    const PolicyFile word(unless("private-abstract"));
    denied(word, {"--network host,private-abstract"});
    CHECK_THAT(run_under(word, {"--network", "host,private-abstract"}).err, !Catch::Contains("denied"));
  }
  SECTION("a user namespace") {
    const PolicyFile word(unless("user-namespace"));
    denied(word, {"it has no user namespace"});
    denied(word, {"it has no user namespace"}, {}, [](json& config) {
      config["linux"]["namespaces"].push_back({{"type", "user"}, {"path", "/proc/self/ns/user"}});
    });
    CHECK_THAT(
        run_under(word, {},
                  [](json& config) {
                    config["linux"]["namespaces"].push_back({{"type", "user"}});
                    for (const auto* map : {"uidMappings", "gidMappings"})
                      config["linux"][map] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
                  })
            .err,
        !Catch::Contains("denied"));
  }
  SECTION("a capability left out, of whichever set") {
    for (const std::string name : {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN"}) {
      const PolicyFile word(unless("no-" + name));
      allowed(word, {}, no_capabilities);
      for (const auto* set : {"bounding", "permitted", "inheritable"})
        denied(word, {name + " is among its process.capabilities"}, {}, [&](json& config) {
          config["process"]["capabilities"] = {{set, {name}}};
        });
    }
  }
}

TEST_CASE("policy: ports are published out of the administrator's list alone") {
  NEEDS_ROOT();
  const PolicyFile word(R"({"publish": ["8000-8099"]})");
  const Flags rule{"against the rule \"network.publish\"", "allowed instead: 8000-8099/tcp"};
  denied(word, rule, {"--network", "bridge", "-p", "81:80"});
  denied(word, rule, {"--network", "bridge", "--userland-proxy", "-p", "8000:80", "-p", "8000:80/udp"});
  denied(word, rule, {"--network", "host,map", "-p", "81:80"});
  denied(word, {"on a port of the host's choice", rule[0]}, {"--network", "bridge", "-p", "80"});
  const Edit exposing = [](json& config) {
    config["annotations"] = {{"org.opencontainers.image.exposedPorts", "80/tcp"}};
  };
  denied(word, {"on a port of the host's choice", rule[0]}, {"--network", "bridge", "-P"}, exposing);
  denied(word, {"on a port of the host's choice", rule[0]}, {"--network", "bridge"}, [&](json& config) {
    exposing(config);
    config["annotations"]["org.lodger.network.publish-all"] = "true";
  });
  denied(word, rule, {"--network", "bridge"}, [](json& config) {
    config["annotations"] = {{"org.lodger.network.userland-proxy", "true"},
                             {"org.lodger.network.publish", "81:80"}};
  });
  denied(word, rule, {}, [](json& config) {  // which an image can bring
    config["annotations"] = {{"org.lodger.network.map", "true"}, {"org.lodger.network.publish", "81:80"}};
  });
  allowed(word, {"--network", "host", "-p", "81:80"});  // discarded: nothing leads there
}

TEST_CASE("policy: a relay is denied by its rule, and publishes what it lets in") {
  NEEDS_ROOT();
  const PolicyFile no_relay(R"({"relay": "deny"})");
  denied(
      no_relay,
      {"network mode relay (by --network relay) is denied by the rule \"network.relay\"", "--network host"},
      {"--network", "relay"});
  const PolicyFile lists(R"({"relay": {"deny-unless": ["to-host"]}, "publish": ["8000-8099"]})");
  denied(lists, {"it has no list of the host's ports to let out to"}, {"--network", "relay,ports=8000"});
  denied(lists, {"it has no list of ports to let in", "\"network.publish\""},
         {"--network", "relay,to-host=none"});
  denied(lists, {"its list of ports to let in (80/tcp) has some"},
         {"--network", "relay,to-host=none,ports=80"});
}

TEST_CASE("policy: without one an annotation leads off the host's network alone") {
  NEEDS_ROOT();
  const OwnEtc no_policy;
  const auto run = [](const std::string& mode, bool own) {
    const Bundle bundle("echo ran", [&](json& config) {
      if (own) own_network(config);
      config["annotations"] = {{"org.lodger.network.mode", mode}};
    });
    return Container(bundle).run();
  };
  CHECK(Facts(run("none", false).out)["echo"] == "ran");
  for (const char* mode :
       {"host", "host,map", "bridge", "relay,ports=80", "ns:/proc/1/ns/net", "container:web"}) {
    const auto done = run(mode, true);
    INFO(mode << " " << done.summary());
    CHECK(done.status != 0);
    CHECK(done.out == "");
    CHECK_THAT(done.err,
               Catch::StartsWith(std::string("lodger: annotation org.lodger.network.mode \"") + mode +
                                 "\": without a policy an annotation may take a container off the "
                                 "host's network, and choose no other mode"));
  }
  for (const char* mode : {"ns:/proc/1/ns/net", "container:web"}) CHECK(run(mode, false).status != 0);
}

TEST_CASE("policy: an annotation chooses what it may, and what it has chosen is judged") {
  NEEDS_ROOT();
  const auto annotated = [](const std::string& mode, bool own = false) {
    return [=](json& config) {
      if (own) own_network(config);
      config["annotations"] = {{"org.lodger.network.mode", mode}};
    };
  };
  const std::string rule = "by the rule \"network.annotations\"";
  const PolicyFile silent("{}"), none(R"({"annotations": "deny"})"), isolated(isolation);
  const PolicyFile any(R"({"annotations": "allow"})"),
      any_but_host(R"({"annotations": "allow", "host": "deny"})");
  allowed(silent, {}, annotated("none"));
  denied(silent, {rule, "may take a container off the host's network"}, {}, annotated("host", true));
  denied(none, {rule, "may not choose the mode"}, {}, annotated("none"));
  allowed(any, {}, annotated("host", true));
  allowed(isolated, {}, annotated("none"));
  const Flags chosen{"network mode host (by annotation org.lodger.network.mode)", "\"network.host\""};
  denied(any_but_host, chosen, {}, annotated("host", true));
  denied(any_but_host, chosen, {}, annotated("ns:/proc/self/ns/net", true));
}

TEST_CASE("policy: the administrator's own is in force with no flag, and no flag takes from it") {
  NEEDS_ROOT();
  const OwnEtc etc;
  const Bundle bundle("echo ran");
  const auto run = [&](const Flags& globals, const Flags& flags = {}) {
    return Container(bundle, globals).run(flags);
  };
  CHECK(run({}).status == 0);
  support::write_file("/etc/lodger/policy.json", R"({"version": 1, "network": {"host": "deny"}})");
  const std::string said = "\"network.host\" of /etc/lodger/policy.json; allowed instead: ";
  CHECK_THAT(run({}).err, Catch::Contains(said));
  const PolicyFile allows(R"({"host": "allow", "bridge": "deny"})");
  CHECK_THAT(run(allows.flags()).err, Catch::Contains(said));
  CHECK_THAT(run(allows.flags(), {"--network", "bridge"}).err,
             Catch::Contains("\"network.bridge\" of " + allows.file + "; allowed instead: ") &&
                 !Catch::Contains("--network host"));
  CHECK(run(allows.flags(), {"--network", "none"}).status == 0);
}

TEST_CASE("policy: nothing starts under one that cannot be trusted or understood") {
  NEEDS_ROOT();
  const OwnEtc etc;
  const Bundle bundle("echo ran");
  const auto said = [&](const Flags& globals = {}) {
    const auto done = Container(bundle, globals).run({"--network", "none"});
    CHECK(done.status != 0);
    CHECK(done.out.empty());
    return done.err;
  };
  const std::string file = "/etc/lodger/policy.json", good = R"({"version": 1, "network": {}})";
  support::write_file(file, R"({"version": 1, "network": {"host": "denied"}})");
  CHECK_THAT(said(), Catch::Contains("policy " + file + ": network.host: unknown word \"denied\""));
  support::write_file(file, good);
  REQUIRE(chmod(file.c_str(), 0666) == 0);
  CHECK_THAT(said(), Catch::Contains("policy " + file + ": not trusted, so that nothing starts: ") &&
                         Catch::Contains("chmod go-w"));
  REQUIRE(chmod(file.c_str(), 0644) == 0);
  REQUIRE(chown("/etc/lodger", 1000, 1000) == 0);
  CHECK_THAT(said(), Catch::Contains("/etc/lodger belongs to uid 1000"));
  REQUIRE(chown("/etc/lodger", 0, 0) == 0);
  CHECK(Container(bundle).run({"--network", "none"}).status == 0);
  CHECK_THAT(said({"--policy", "/no/such/file"}),
             Catch::Contains("--policy /no/such/file: No such file or directory"));
  CHECK_THAT(said({"--policy", ""}), Catch::Contains("its value is empty"));
  const PolicyFile writable("{}", 0666);
  REQUIRE(chmod(writable.file.c_str(), 0666) == 0);
  CHECK_THAT(said(writable.flags()), Catch::Contains("not trusted"));
}

TEST_CASE("policy: check tells which rules are in force, and whether a draft is understood") {
  NEEDS_ROOT();
  const OwnEtc etc;
  const auto check = [](const Flags& globals, const Flags& flags = {}) {
    Flags line{runtime_path()};
    line.insert(line.end(), globals.begin(), globals.end());
    line.insert(line.end(), {"check", "--format", "json"});
    line.insert(line.end(), flags.begin(), flags.end());
    const auto done = run_command(line);
    json found = json::object();
    for (const auto& one : json::parse(done.out))
      if (one["topic"] == "policy" || one["topic"] == "bundle") found[one["subject"]] = one;
    found["status"] = done.status;
    return found;
  };
  const std::string file = "/etc/lodger/policy.json";
  auto found = check({});
  CHECK(found[file]["found"] == "not there");
  CHECK(found[file]["verdict"] == "ok");
  support::write_file(file, R"({"version": 1, "network": {"host": "deny", "publish": ["80"]}})");
  found = check({});
  CHECK(found["status"] == 0);
  CHECK(found[file]["found"] == "in force");
  CHECK(found["host"]["found"] == "denied");
  CHECK(found["host"]["verdict"] == "limited");
  CHECK(found["bridge"]["found"] == "allowed");
  CHECK(found["bridge"]["verdict"] == "ok");
  CHECK(found["publish"]["found"] == "80/tcp alone");
  const Bundle bundle("echo ran");
  found = check({}, {"--bundle", bundle.path()});
  CHECK(found["status"] == 1);
  CHECK_THAT(found["config.json"]["found"].get<std::string>(),
             Catch::Contains("\"network.host\" of " + file));

  support::write_file(file, R"({"version": 1, "network": {"hots": "deny"}})");
  found = check({});
  CHECK(found["status"] == 1);
  CHECK(found[file]["verdict"] == "bad");
  unlink(file.c_str());

  PolicyFile draft(R"({"relay": "deny"})");
  REQUIRE(chown(draft.file.c_str(), 1000, 1000) == 0);
  found = check({}, {"--policy", draft.file});
  CHECK(found["status"] == 0);
  CHECK(found["relay"]["found"] == "denied");
  CHECK(found[draft.file]["verdict"] == "limited");  // another's: it would not be trusted there
  CHECK(check({"--policy", draft.file})["status"] == 1);
  REQUIRE(chown(draft.file.c_str(), 0, 0) == 0);
  support::write_file(draft.file, "{}");
  found = check({}, {"--policy", draft.file});
  CHECK(found["status"] == 1);
  CHECK(found[draft.file]["found"] == draft.file + ": version: missing");
}
