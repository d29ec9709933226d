#include "spec/sysctl.hpp"

#include <catch2/catch.hpp>

using namespace lodger::spec;

TEST_CASE("sysctl: the first separator tells which form a key has") {
  CHECK(sysctl_path("net.core.somaxconn") == "net/core/somaxconn");
  CHECK(sysctl_path("net/core/somaxconn") == "net/core/somaxconn");
  CHECK(sysctl_path("net.ipv4.conf.eth0/1.forwarding") == "net/ipv4/conf/eth0.1/forwarding");
  CHECK(sysctl_path("net/ipv4/conf/eth0.1/forwarding") == "net/ipv4/conf/eth0.1/forwarding");
  CHECK(sysctl_path("plain") == "plain");
}

TEST_CASE("sysctl: each file's namespace") {
  CHECK(sysctl_namespace("net/core/somaxconn") == NamespaceType::network);
  CHECK(sysctl_namespace("fs/mqueue/msg_max") == NamespaceType::ipc);
  CHECK(sysctl_namespace("kernel/shm_rmid_forced") == NamespaceType::ipc);
  CHECK(sysctl_namespace("kernel/sem") == NamespaceType::ipc);
  CHECK(sysctl_namespace("kernel/msgmax") == NamespaceType::ipc);
  CHECK(sysctl_namespace("kernel/domainname") == NamespaceType::uts);
  CHECK(sysctl_namespace("kernel/hostname") == NamespaceType::uts);
  CHECK(sysctl_namespace("user/max_user_namespaces") == NamespaceType::user);
}

TEST_CASE("sysctl: the rest is the machine's") {
  for (const char* path : {"kernel/core_pattern", "vm/swappiness", "fs/file-max", "network/x", "kernel/semx",
                           "net", "kernel/sem/x", "fs/mqueue", ""}) {
    CAPTURE(path);
    CHECK_FALSE(sysctl_namespace(path));
  }
}
