// --network host,bind=: which ports a container may bind, proved with real sockets on a stack of the test's
// own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "support/census.hpp"
#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

using Flags = std::vector<std::string>;

#define NEEDS_POLICY() \
  NEEDS_ROOT();        \
  NEEDS(has_cgroup2(), "needs a cgroup2 tree")

Flags under(const std::string& options) { return {"--network", "host," + options}; }

void as_user(json& config) {
  config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
  config["process"].erase("capabilities");
}

/// Its root's capabilities do not count on the host's network.
void in_user_namespace(json& config) {
  config["linux"]["namespaces"].push_back({{"type", "user"}});
  for (const char* ids : {"uidMappings", "gidMappings"})
    config["linux"][ids] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}};
}

/// What `line` of the probe says in a container with this list.
Facts bound(const std::string& options, const std::string& line, const Edit& edit = {}) {
  return inside(line, edit, under(options));
}

const std::string denied = std::to_string(EPERM), granted = "0";

/// A container under a policy that runs and does nothing.
struct Held {
  Bundle bundle;
  Container container;
  explicit Held(const std::string& options, const Edit& edit = {}) : bundle("hold", edit), container(bundle) {
    container.create(under(options));
    container.start();
    container.wait_for_output("holding");
  }
  Facts exec(const std::string& line, const Flags& flags = {}) {
    Flags args = {"exec"};
    args.insert(args.end(), flags.begin(), flags.end());
    args.push_back(container.id());
    args.emplace_back("/bin/probe");
    for (auto& word : words(line)) args.push_back(std::move(word));
    const Finished done = container.call(args);
    INFO(done.summary());
    REQUIRE(done.status == 0);
    return Facts(done.out);
  }
};

}  // namespace

TEST_CASE("bind list: what is listed may be bound, and nothing else", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string v4 = GENERATE("tcp4", "udp4");
  const std::string protocol = v4 == "tcp4" ? "tcp" : "udp", v6 = protocol + "6";
  const auto facts = bound(
      "bind=80/" + protocol + ",bind=8000-8010/" + protocol,
      "bind " + v4 + " 0.0.0.0 80 ; bind " + v4 + " 127.0.0.1 8005 ; bind " + v6 + " :: 8010 v6only ; bind " +
          v6 + " ::1 8000 ; bind " + v6 + " ::ffff:127.0.0.1 8001 ; bind " + v4 + " 0.0.0.0 81 ; bind " + v4 +
          " 127.0.0.1 8011 ; bind " + v6 + " :: 7999 ; bind " + v6 + " ::ffff:127.0.0.1 7998");
  CHECK(facts["bind:" + v4 + ":0.0.0.0:80.errno"] == granted);
  CHECK(facts["bind:" + v4 + ":127.0.0.1:8005.errno"] == granted);
  CHECK(facts["bind:" + v6 + ":::" + ":8010.errno"] == granted);
  CHECK(facts["bind:" + v6 + ":::1:8000.errno"] == granted);
  CHECK(facts["bind:" + v6 + ":::ffff:127.0.0.1:8001.errno"] == granted);
  CHECK(facts["bind:" + v4 + ":0.0.0.0:81.errno"] == denied);
  CHECK(facts["bind:" + v4 + ":127.0.0.1:8011.errno"] == denied);
  CHECK(facts["bind:" + v6 + ":::" + ":7999.errno"] == denied);
  CHECK(facts["bind:" + v6 + ":::ffff:127.0.0.1:7998.errno"] == denied);
}

TEST_CASE("bind list: a protocol without an entry has no port at all", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto facts = bound("bind=80", "bind udp4 0.0.0.0 80 ; bind udp6 :: 80 ; bind tcp4 0.0.0.0 80");
  CHECK(facts["bind:udp4:0.0.0.0:80.errno"] == denied);
  CHECK(facts["bind:udp6::::80.errno"] == denied);
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == granted);
}

TEST_CASE("bind list: the kernel's choice stays, for clients and resolvers", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto facts =
      bound("bind=none", "bind tcp4 0.0.0.0 0 ; bind udp6 :: 0 ; listen-unbound tcp4 ; bind tcp4 0.0.0.0 80");
  CHECK(facts["bind:tcp4:0.0.0.0:0.errno"] == granted);
  CHECK(facts["bind:udp6::::0.errno"] == granted);
  CHECK(facts["listen:tcp4.errno"] == granted);
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == denied);
}

TEST_CASE("bind list: a port that the host reserves the kernel's choice neither gives nor shares",
          "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string kind = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  const std::string line = "narrow " + kind + " 40001", key = "narrow:" + kind;
  const auto open = bound("bind=none", line);
  NEEDS(open[key + ".bind.wish.errno"] == granted, "needs Linux 6.3 (IP_LOCAL_PORT_RANGE)");
  for (const auto* way : {".bind.name", ".unbound.name"}) CHECK(open[key + way].ends_with(" 40001"));

  write_file("/proc/sys/net/ipv4/ip_local_reserved_ports", "40001");
  const auto reserved = bound("bind=none", line);
  INFO(reserved.text());
  CHECK(reserved[key + ".bind.errno"] == std::to_string(EADDRINUSE));
  CHECK(reserved[key + ".unbound.errno"] == std::to_string(kind.starts_with("tcp") ? EADDRINUSE : EAGAIN));
}

TEST_CASE("bind list: a server's UDP port that the host reserves is not shared by the kernel's choice",
          "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const Bound server(SOCK_DGRAM, "0.0.0.0", 40001);
  const int on = 1;
  REQUIRE(setsockopt(server.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  const auto open = bound("bind=none", "narrow udp4 40001");
  NEEDS(open["narrow:udp4.bind.wish.errno"] == granted, "needs Linux 6.3 (IP_LOCAL_PORT_RANGE)");
  CHECK(open["narrow:udp4.bind.name"] == "0.0.0.0 40001");  // the control: it is shared
  write_file("/proc/sys/net/ipv4/ip_local_reserved_ports", "40001");
  const auto reserved = bound("bind=none", "narrow udp4 40001");
  CHECK(reserved["narrow:udp4.bind.errno"] == std::to_string(EADDRINUSE));
  CHECK(reserved["narrow:udp4.unbound.errno"] == std::to_string(EAGAIN));
}

TEST_CASE("bind list: MPTCP and UDP-Lite are TCP and UDP", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string protocol = GENERATE("mptcp4", "mptcp6", "udplite4", "udplite6");
  const std::string any = protocol.back() == '4' ? "0.0.0.0" : "::";
  const auto facts = bound("bind=90,bind=91/udp", "make " + protocol + " ; bind " + protocol + " " + any +
                                                      " 90 ; bind " + protocol + " " + any + " 91");
  NEEDS(facts["make:" + protocol + ".errno"] == "0", protocol + " is not in this kernel");
  const bool udp = protocol.starts_with("udp");
  CHECK(facts["bind:" + protocol + ":" + any + ":90.errno"] == (udp ? denied : granted));
  CHECK(facts["bind:" + protocol + ":" + any + ":91.errno"] == (udp ? granted : denied));
}

TEST_CASE("bind list: sockets whose ports nothing judges are not made; others are", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string line = "make sctp4 ; make sctp6 ; make sctpseq4 ; make dccp4 ; make raw4 ; make tcp6";
  const auto free = inside(line, {}, {"--network", "host"}), facts = bound("bind=80", line);
  // A kernel without the protocol says so itself, before it would ask.
  for (const auto* kind : {"sctp4", "sctp6", "sctpseq4", "dccp4"}) {
    const auto name = std::string("make:") + kind + ".errno";
    CAPTURE(kind);
    CHECK(facts[name] == (free[name] == granted ? denied : free[name]));
    CHECK((free[name] == granted || free[name] == std::to_string(EPROTONOSUPPORT) ||
           free[name] == std::to_string(ESOCKTNOSUPPORT)));
  }
  CHECK(facts["make:raw4.errno"] == granted);
  CHECK(facts["make:tcp6.errno"] == granted);
}

TEST_CASE("bind list: a listed port below 1024 needs no capability", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto lacking = GENERATE(as_user, in_user_namespace);
  const std::string line =
      "bind tcp4 0.0.0.0 80 ; bind tcp6 :: 443 v6only ; bind udp4 0.0.0.0 53 ; bind tcp4 0.0.0.0 81";
  const auto said = [&](const std::string& options) {
    const Bundle bundle(line, lacking);
    // Which the container's root, nobody on the host, may not make.
    for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) write_file(bundle.rootfs(file), "");
    Container container(bundle);
    const auto done = container.run({"--network", "host" + options});
    INFO(done.summary());
    REQUIRE(done.status == 0);
    return Facts(done.out);
  };
  const auto facts = said(",bind=80,bind=443,bind=53/udp");
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == granted);
  CHECK(facts["bind:tcp6::::443.errno"] == granted);
  CHECK(facts["bind:udp4:0.0.0.0:53.errno"] == granted);
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
  // The control: without a list the kernel asks for the capability.
  CHECK(said("")["bind:tcp4:0.0.0.0:80.errno"] == std::to_string(EACCES));
}

TEST_CASE("bind list: an annotation does what the flag does", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto facts = inside("bind tcp4 0.0.0.0 80 ; bind tcp4 0.0.0.0 81", [](json& config) {
    config["annotations"]["org.lodger.network.bind"] = "80,53/udp";
  });
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == granted);
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
}

TEST_CASE("bind list: exec is under it, also with its own cgroup below", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string kind = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  CAPTURE(kind);
  const std::string any = kind.ends_with('6') ? "::" : "0.0.0.0";
  const std::string other = kind.starts_with("tcp") ? "udp" : "tcp";  // without an entry
  const std::string own = "bind " + kind + " " + any;
  const std::string key = "bind:" + kind + ":" + any;
  Held held("bind=80/" + kind.substr(0, 3));
  const auto facts =
      held.exec(own + " 80 ; " + own + " 81 ; bind " + other + "4 0.0.0.0 80 ; bind " + other + "6 :: 80");
  CHECK(facts[key + ":80.errno"] == granted);
  CHECK(facts[key + ":81.errno"] == denied);
  CHECK(facts["bind:" + other + "4:0.0.0.0:80.errno"] == denied);
  CHECK(facts["bind:" + other + "6::::80.errno"] == denied);
  for (const auto& folder : cgroup_folders(held.bundle.name())) {
    REQUIRE(mkdir((folder + "/below").c_str(), 0755) == 0);
    for (const auto* file : {"/cpuset.cpus", "/cpuset.mems"})  // v1 takes no process in without them
      if (access((folder + "/below" + file).c_str(), F_OK) == 0)
        write_file(folder + "/below" + file, read_file(folder + file));
  }
  const auto lower = held.exec(own + " 80 ; " + own + " 81", {"--cgroup", "below"});
  CHECK(lower[key + ":80.errno"] == granted);
  CHECK(lower[key + ":81.errno"] == denied);
}

TEST_CASE("bind list: two containers side by side have each their own", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  Held one("bind=80"), other("bind=81");
  const std::string line = "bind tcp4 0.0.0.0 80 ; bind tcp4 0.0.0.0 81";
  const auto in_one = one.exec(line), in_other = other.exec(line);
  CHECK(in_one["bind:tcp4:0.0.0.0:80.errno"] == granted);
  CHECK(in_one["bind:tcp4:0.0.0.0:81.errno"] == denied);
  CHECK(in_other["bind:tcp4:0.0.0.0:80.errno"] == denied);
  CHECK(in_other["bind:tcp4:0.0.0.0:81.errno"] == granted);
  // And a third, without a list, has all.
  CHECK(inside("bind tcp4 0.0.0.0 82")["bind:tcp4:0.0.0.0:82.errno"] == granted);
}

TEST_CASE("bind list: the container's root does not get out of it", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  // Its own cgroup tree, writable: what a container has that manages cgroups itself.
  const auto managing = [](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
    config["mounts"].push_back(
        {{"destination", "/sys/fs/cgroup"}, {"type", "cgroup"}, {"source", "cgroup"}, {"options", {"rw"}}});
    config["process"]["args"] = {
        "/bin/busybox", "sh", "-c",
        "tree=/sys/fs/cgroup; if [ -d $tree/unified ]; then tree=$tree/unified; fi; mkdir $tree/sub && "
        "echo $$ > $tree/sub/cgroup.procs && echo moved=1; "
        "/bin/probe bind tcp4 0.0.0.0 81 \\; take-off $tree \\; bind udp6 :: 81; "
        "echo $$ > $tree/cgroup.procs; /bin/busybox unshare -n /bin/probe bind tcp4 0.0.0.0 82"};
  };
  const auto done = outcome("", managing, under("bind=80"));
  const Facts facts(done.out);
  INFO(done.summary() << done.out);
  CHECK(facts["moved"] == "1");
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
  CHECK(facts["take-off.errno"] == denied);
  CHECK(facts["bind:udp6::::81.errno"] == denied);
  CHECK_FALSE(facts.has("bind:tcp4:0.0.0.0:82.errno"));  // no right to another stack
}

TEST_CASE("bind list: the state keeps it", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  Held held("bind=80,bind=8000-8100/udp");
  const auto state =
      json::parse(read_file(held.container.root() + "/" + held.container.id() + "/state.json"));
  CHECK(state.at("network").at("bind") == json({"80/tcp", "8000-8100/udp"}));
}

TEST_CASE("bind list: hooks in the container's namespaces are under it", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string kind = GENERATE("createContainer", "startContainer");
  Bundle bundle("echo ran");
  const auto said = bundle.beside("said");
  bundle.edit([&](json& config) {
    const auto probe = kind == "createContainer" ? probe_path() : "/bin/probe";
    // A failing bind leaves a fact; a hook's output is shown for a hook that fails alone.
    config["hooks"][kind] = {{{"path", kind == "createContainer" ? "/bin/sh" : "/bin/busybox"},
                              {"args", {"sh", "-c", probe + " bind tcp4 0.0.0.0 81 ; exit 9"}}}};
  });
  Container container(bundle);
  const Finished done = container.run(under("bind=80"));
  CHECK(done.status == 1);
  CHECK(done.err.find("bind:tcp4:0.0.0.0:81.errno=" + denied) != std::string::npos);
}

TEST_CASE("bind list: a container that cannot have it is refused", "[ports_policy]") {
  NEEDS_POLICY();
  const Bundle bundle("echo ran", [](json& config) {
    config["linux"].erase("resources");
    config["linux"].erase("cgroupsPath");
  });
  Container container(bundle, {"--cgroup-manager", "disabled"});
  const Finished done = container.run(under("bind=80"));
  CHECK(done.status == 1);
  CHECK(done.out.empty());
  CHECK(
      done.err.find("--network host,bind: it is enforced by a program on the container's cgroup2 folder, and "
                    "this container gets no cgroup of its own") != std::string::npos);
}

namespace {

bool warns_of(const std::string& capability, const Finished& done) {
  return done.err.find("a container with " + capability + " can get past it") != std::string::npos;
}

}  // namespace

TEST_CASE("bind list: what leads past it is warned of", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string capability = GENERATE("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_MODULE",
                                          "CAP_DAC_READ_SEARCH", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE");
  const auto done = outcome(
      "echo ran", [&](json& config) { config["process"]["capabilities"]["bounding"].push_back(capability); },
      under("bind=80"));
  CHECK(done.status == 0);
  CHECK(warns_of(capability, done) == (capability != "CAP_SYS_CHROOT" && capability != "CAP_SYS_PTRACE"));
}

TEST_CASE("bind list: power over the host's processes leads past it where they are in sight",
          "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto done = outcome(
      "echo ran",
      [&](json& config) {
        config["process"]["capabilities"]["bounding"].push_back("CAP_SYS_PTRACE");
        auto& all = config["linux"]["namespaces"];
        all.erase(std::ranges::find(all, json({{"type", "pid"}})));
      },
      under("bind=80"));
  CHECK(done.status == 0);
  CHECK(warns_of("CAP_SYS_PTRACE", done));
}

TEST_CASE("bind list: what exec adds that leads past it is warned of, what was there is not again",
          "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string options = GENERATE("bind=80", "require-ports");
  Held held(options, [](json& config) {
    for (const char* set : {"bounding", "permitted", "effective"})
      config["process"]["capabilities"][set].push_back("CAP_SYS_ADMIN");
  });
  const auto with = [&](const std::string& capability) {
    return held.container.call(
        {"exec", "--cap", capability, held.container.id(), "/bin/probe", "echo", "ran"});
  };
  for (const auto* capability : {"CAP_NET_ADMIN", "CAP_SYS_MODULE"}) {
    const auto done = with(capability);
    CHECK(done.status == 0);
    CHECK(warns_of(capability, done) == (options == "bind=80"));
    CHECK_FALSE(warns_of("CAP_SYS_ADMIN", done));
  }
  CHECK(with("CAP_SYS_CHROOT").err.empty());
}

TEST_CASE("bind list: the host's cgroup tree in the container is warned of", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const std::string source = GENERATE("/sys/fs/cgroup", "/sys/./fs/../fs/cgroup", "/");
  const std::string mode = GENERATE("rw", "ro", "rro");  // "ro" is of the topmost mount alone
  const auto done = outcome(
      "echo ran",
      [&](json& config) {
        config["mounts"].push_back(
            {{"destination", "/host"}, {"type", "bind"}, {"source", source}, {"options", {"rbind", mode}}});
      },
      under("bind=80"));
  CHECK(done.status == 0);
  CHECK((done.err.find("can leave its cgroup") != std::string::npos) == (mode != "rro"));
}

TEST_CASE("bind list: the end of one container leaves another one's list in the same cgroup",
          "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto path = "/lodger-test/shared-" + std::to_string(getpid());
  const Edit shared = [&](json& config) { config["linux"]["cgroupsPath"] = path; };
  const auto existing = make_cgroup(v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified", path);
  {
    const Bundle ended("exit 0", shared), holding("hold", shared);
    Container before(ended), after(holding);
    before.create(under("bind=none"));
    before.start();
    before.wait_for("stopped");  // its cgroup is empty, and there for another
    after.create(under("bind=80"));
    after.start();
    after.wait_for_output("holding");
    (void)before.remove();  // v1's folders, which it made, are the other one's by now: those stay
    const auto bound = after.call({"exec", after.id(), "/bin/probe", "bind", "tcp4", "0.0.0.0", "81"});
    CHECK(Facts(bound.out)["bind:tcp4:0.0.0.0:81.errno"] == denied);
    after.remove();
    CHECK(before.remove().status == 0);
  }
  {
    const Bundle ended("exit 0", shared), binding("bind tcp4 0.0.0.0 81", shared);
    Container before(ended), after(binding);
    before.create(under("bind=none"));
    before.start();
    before.wait_for("stopped");
    CHECK(Facts(after.run({"--network", "host"}).out)["bind:tcp4:0.0.0.0:81.errno"] == granted);
  }
  CHECK(rmdir(existing.c_str()) == 0);
}

TEST_CASE("bind list: a cgroup that was there before is left as it was", "[ports_policy]") {
  NEEDS_POLICY();
  const HostStack stack;
  const auto path = "/lodger-test/kept-" + std::to_string(getpid());
  const Bundle bundle("bind tcp4 0.0.0.0 81", [&](json& config) { config["linux"]["cgroupsPath"] = path; });
  const auto existing = make_cgroup(v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified", path);
  {
    Container first(bundle);
    CHECK(Facts(first.run(under("bind=80")).out)["bind:tcp4:0.0.0.0:81.errno"] == denied);
  }
  REQUIRE(access(existing.c_str(), F_OK) == 0);
  {
    Container second(bundle);
    CHECK(Facts(second.run({"--network", "host"}).out)["bind:tcp4:0.0.0.0:81.errno"] == granted);
  }
  CHECK(rmdir(existing.c_str()) == 0);
}
