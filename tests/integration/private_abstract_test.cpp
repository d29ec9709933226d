// --network host,private-abstract: the host's abstract UNIX sockets, which no file permission guards
// (CVE-2020-15257), are out of the container's reach. In a network stack of the test's own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

using Flags = std::vector<std::string>;

/// LANDLOCK_CREATE_RULESET_VERSION
long landlock_version() { return syscall(SYS_landlock_create_ruleset, nullptr, 0, 1); }

#define NEEDS_SCOPES() \
  NEEDS_ROOT();        \
  NEEDS(landlock_version() >= 6, "needs Linux 6.12 with Landlock")

const Flags flags = {"--network", "host,private-abstract"};
const std::string denied = std::to_string(EPERM);

/// A server of the host's that answers one client.
struct Server {
  Running running;
  explicit Server(const std::string& number) : running({probe_path(), "serve", "unix", number}) {
    running.wait_for("listening.unix");
  }
};

/// A server on number 8 in the container, and the word that it has begun.
const std::string with_server =
    "/bin/probe serve unix 8 > /dev/shm/out & "
    "until /bin/busybox grep -q listening /dev/shm/out; do :; done; ";

Edit script(const std::string& text) {
  return [text](json& config) { config["process"]["args"] = {"/bin/busybox", "sh", "-c", text}; };
}

/// A container that runs a server of its own, and waits.
struct Held {
  Bundle bundle;
  Container container;
  explicit Held(const Flags& how)
      : bundle("", script(with_server + "echo begun=1; exec /bin/busybox sleep 1000")), container(bundle) {
    container.create(how);
    container.start();
    container.wait_for_output("begun");
  }
  Facts exec(const std::vector<std::string>& args) {
    std::vector<std::string> all = {"exec", container.id()};
    all.insert(all.end(), args.begin(), args.end());
    const Finished done = container.call(all);
    INFO(done.summary());
    REQUIRE(done.status == 0);
    return Facts(done.out);
  }
};

}  // namespace

TEST_CASE("private abstract sockets: the host's are out of reach, else they are not", "[private_abstract]") {
  NEEDS_SCOPES();
  const HostStack stack;
  const Server server("7");
  CHECK(inside("ask unix 7 hello", {}, flags)["ask:unix.errno"] == denied);
  CHECK(inside("ask unix 7 hello", {}, {"--network", "host"})["ask:unix"] == "inside:hello");
}

TEST_CASE(
    "private abstract sockets: for another user, without new privileges and in a user namespace as well",
    "[private_abstract]") {
  NEEDS_SCOPES();
  const HostStack stack;
  const Server server("7");
  const auto user = [](json& config) {
    config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
    config["process"]["noNewPrivileges"] = true;
    config["process"].erase("capabilities");
  };
  CHECK(inside("ask unix 7 hello", user, flags)["ask:unix.errno"] == denied);
  const auto mapped = [](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    for (const auto* map : {"uidMappings", "gidMappings"})
      config["linux"][map] = {{{"containerID", 0}, {"hostID", 0}, {"size", 65536}}};
    config["linux"]["resources"].erase("devices");
  };
  CHECK(inside("ask unix 7 hello", mapped, flags)["ask:unix.errno"] == denied);
}

TEST_CASE("private abstract sockets: the annotation does what the flag does", "[private_abstract]") {
  NEEDS_SCOPES();
  const HostStack stack;
  const Server server("7");
  const auto facts = inside("ask unix 7 hello", [](json& config) {
    config["annotations"]["org.lodger.network.private-abstract"] = "true";
  });
  CHECK(facts["ask:unix.errno"] == denied);
}

TEST_CASE("private abstract sockets: the container's own work", "[private_abstract]") {
  NEEDS_SCOPES();
  const HostStack stack;
  const auto done = outcome("", script(with_server + "/bin/probe ask unix 8 hello"), flags);
  INFO(done.summary());
  CHECK(Facts(done.out)["ask:unix"] == "inside:hello");
}

TEST_CASE("private abstract sockets: exec is closed to the host as well, and apart from the container's own",
          "[private_abstract]") {
  NEEDS_SCOPES();
  const HostStack stack;
  const Server server("7");
  {
    Held held(flags);
    CHECK(held.exec({"/bin/probe", "ask", "unix", "7", "hello"})["ask:unix.errno"] == denied);
    // A domain that is there takes nobody in: exec's is another one. docs/networking.md, "Abstract sockets".
    CHECK(held.exec({"/bin/probe", "ask", "unix", "8", "hello"})["ask:unix.errno"] == denied);
    const std::string own =
        "/bin/probe serve unix 9 > /dev/shm/own & until /bin/busybox grep -q listening /dev/shm/own; do :; "
        "done; "
        "/bin/probe ask unix 9 hello";
    CHECK(held.exec({"/bin/busybox", "sh", "-c", own})["ask:unix"] == "inside:hello");
  }
  // The control: without the option exec reaches both.
  Held open({"--network", "host"});
  CHECK(open.exec({"/bin/probe", "ask", "unix", "7", "hello"})["ask:unix"] == "inside:hello");
}

TEST_CASE("private abstract sockets: mounts and startContainer hooks go on as before; hooks are closed too",
          "[private_abstract]") {
  NEEDS_SCOPES();
  const HostStack stack;
  const Server server("7");
  const auto admin = [](json& config) {
    for (const auto* set : {"bounding", "effective", "permitted"})
      config["process"]["capabilities"][set].push_back("CAP_SYS_ADMIN");
    config["process"]["args"] = {"/bin/busybox", "sh", "-c",
                                 "/bin/busybox mount -t tmpfs none /dev/shm && echo mounted=1"};
  };
  CHECK(Facts(outcome("", admin, flags).out)["mounted"] == "1");
  const auto hook = [](json& config) {
    config["hooks"]["startContainer"] = {
        {{"path", "/bin/busybox"}, {"args", {"sh", "-c", "/bin/probe ask unix 7 hello; exit 9"}}}};
  };
  CHECK(outcome("echo ran", hook, flags).err.find("ask:unix.errno=" + denied) != std::string::npos);
}

TEST_CASE("private abstract sockets: a kernel without them is told before anything is made",
          "[private_abstract]") {
  NEEDS_ROOT();
  NEEDS(landlock_version() < 6, "this kernel has them");
  refused({}, {"--network host,private-abstract: it takes version 6 of Landlock"}, flags);
}
