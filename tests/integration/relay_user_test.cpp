// A relay for containers with a user namespace, and for those of an ordinary user.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "support/ordinary_user.hpp"
#include "support/own_mounts.hpp"
#include "support/proc.hpp"
#include "support/relayed.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// A /dev/net/tun for everybody, as udev makes it; the machine's own may be root's alone.
class OwnTun : public OwnMounts {
 public:
  OwnTun() {
    REQUIRE(mount("tun", "/dev/net", "tmpfs", 0, "mode=0755") == 0);
    REQUIRE(mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)) == 0);
    REQUIRE(chmod("/dev/net/tun", 0666) == 0);
  }
};

void with_user_namespace(json& config) {
  config["linux"]["namespaces"].push_back({{"type", "user"}});
  for (const char* ids : {"uidMappings", "gidMappings"})
    config["linux"][ids] = json::array({{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}});
}

#define NEEDS_PASTA_OF_USER() \
  NEEDS(run_command(as_user({pasta, "--version"})).status == 0, "an ordinary user cannot run " + pasta)

}  // namespace

TEST_CASE("relay user: root's container with a user namespace", "[relay_user]") {
  RELAY_HOST();
  const OwnTun tun;
  const Running server = serving(stand(all_stacks, "9000", true));
  const Bundle bundle("ids ; " + stand(tcp_stacks, "8000") + stand(tcp_stacks, "80") +
                          stand({"udp4", "udp6"}, "7000") + "answer",
                      with_user_namespace);
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) write_file(bundle.rootfs(file), "");
  Container container(bundle);
  container.create(relay("", {"-p", "7000:7000/udp"}));
  container.start();
  for (const auto& stack : tcp_stacks) {
    CAPTURE(stack);
    CHECK(answers({}, stack, "8000"));
    CHECK(answers({}, stack, "80"));
    CHECK(answers(inside_of(container), stack, "9000"));
  }
  for (const char* stack : {"udp4", "udp6"}) CHECK(answers({}, stack, "7000"));
  CHECK(answers(inside_of(container), "udp4", "9000"));
  const auto pid = relay_pid(container);
  CHECK(ns_id(pid, "user") == ns_id(container.pid(), "user"));  // it has no power over anything else
  CHECK(proc_status(pid, "Uid") == proc_status(container.pid(), "Uid"));
  REQUIRE(kill(pid, SIGKILL) == 0);
  CHECK(eventually([&] { return relay_of(container)["running"] == false; }));
  CHECK(container.call({"network", "prune"}).status == 0);
  CHECK(answers({}, "tcp4", "8000"));
  CHECK(container.remove().status == 0);
  CHECK(soon_no_relays());
  CHECK(relay_cgroups(bundle) == std::vector<std::string>{});
}

TEST_CASE("relay user: an ordinary user's container, and that of a user namespace's root", "[relay_user]") {
  RELAY_HOST();
  NEEDS_ORDINARY_USER();
  NEEDS_PASTA_OF_USER();
  const bool nested = GENERATE(false, true);
  CAPTURE(nested);
  const OwnTun tun;
  const Running server = serving(stand(all_stacks, "9000", true));
  const Where wrapped = nested ? Where{"unshare", "-Urm"} : Where{};
  const UserBundle bundle("ids ; " + stand(tcp_stacks, "8000") + stand({"udp4", "udp6"}, "7000") + "answer",
                          [&](json& config) {
                            if (nested) without_user_namespace(config);
                            if (nested) without(config["linux"]["namespaces"], "cgroup");
                          });
  {
    Running run(bundle.line(
        {"run", "--network", "relay", "-p", "7000:7000/udp", "--bundle", bundle.beside(""), "c"}, wrapped));
    run.wait_for("answering=");
    INFO(run.out() << run.err());
    for (const auto& stack : tcp_stacks) {
      CAPTURE(stack);
      CHECK(answers({}, stack, "8000"));
    }
    for (const char* stack : {"udp4", "udp6"}) CHECK(answers({}, stack, "7000"));
    if (!nested) {
      const auto ask = [&](const std::string& stack) {
        const auto done = bundle.call(
            {"exec", "c", "/bin/busybox", "timeout", "0.7", "/bin/probe", "ask", stack, "9000", "hello"});
        const auto heard = Facts(done.out).all("ask:" + stack);
        return !heard.empty() && heard.front() == "inside:hello";
      };
      for (const auto& stack : all_stacks) {
        CAPTURE(stack);
        CHECK(eventually([&] { return ask(stack); }));
      }
      const auto relay = json::parse(bundle.call({"state", "c"}).out)["network"];
      CHECK(relay["running"] == true);
      CHECK_THAT(proc_status(relay["pid"], "Uid"), Catch::StartsWith(ordinary_user));
      CHECK_THAT(
          run.err(),
          Catch::Contains(
              "--network relay: servers of the container on ports below 1024 cannot be let in, and multicast "
              "cannot be kept out: "));
      REQUIRE(kill(relay["pid"].get<int>(), SIGKILL) == 0);
      CHECK(eventually([&] {
        return bundle.call({"network", "prune"}).out ==
               "container c: its relay had ended; there is a new one\n";
      }));
      CHECK(answers({}, "tcp4", "8000"));
      CHECK(bundle.call({"delete", "--force", "c"}).status == 0);
    } else {
      run.kill(SIGTERM);  // of unshare, which has become lodger
    }
  }
  bundle.call({"delete", "--force", "c"}, wrapped);
  CHECK(soon_no_relays());
  CHECK(bundle.left() == "");
}

TEST_CASE(
    "relay user: where root of the container's user namespace has no access to /dev/net/tun pasta's words "
    "are told",
    "[relay_user]") {
  RELAY_HOST();
  const OwnTun tun;
  REQUIRE(chmod("/dev/net/tun", 0600) == 0);
  const Bundle bundle("echo ran", with_user_namespace);
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) write_file(bundle.rootfs(file), "");
  Container container(bundle);
  const auto done = container.run(relay());
  INFO(done.summary());
  CHECK(done.status != 0);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains("--network relay: " + pasta) && Catch::Contains("/dev/net/tun"));
  CHECK(soon_no_relays());
}

TEST_CASE("relay user: without access to /dev/net/tun an ordinary user is told what failed", "[relay_user]") {
  RELAY_HOST();
  NEEDS_ORDINARY_USER();
  NEEDS_PASTA_OF_USER();
  const OwnTun tun;
  REQUIRE(chmod("/dev/net/tun", 0600) == 0);
  const UserBundle bundle("echo ran");
  const auto done = bundle.call({"run", "--network", "relay", "--bundle", bundle.beside(""), "c"});
  INFO(done.summary());
  CHECK(done.status != 0);
  CHECK(done.out == "");
  CHECK(done.err ==
        "lodger: --network relay: /dev/net/tun: Permission denied; pasta has to be able to open it (read and "
        "write)\n");
  CHECK(soon_no_relays());
  CHECK(bundle.left() == "");
}
