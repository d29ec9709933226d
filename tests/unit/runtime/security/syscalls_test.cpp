// The table of system calls, held against libseccomp's look-ups and this machine's own headers.
#include "runtime/security/syscalls.hpp"

#include <catch2/catch.hpp>
#include <linux/audit.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include <string>

using namespace lodger::security;

namespace {

std::uint32_t token(const Architecture& arch) {
  return arch.name == "SCMP_ARCH_X32" ? SCMP_ARCH_X32 : arch.audit;
}

std::uint32_t number(unsigned arch, Slot slot) {
  return slot < private_slot ? architectures()[arch].base + slot : private_base + slot - private_slot;
}

}  // namespace

TEST_CASE("this machine's numbers are right") {
  const auto native = native_architecture();
  CHECK(syscall_slot(native, *find_syscall("openat")) == SYS_openat);
  CHECK(syscall_slot(native, *find_syscall("clone3")) == SYS_clone3);
  CHECK(syscall_slot(native, *find_syscall("_llseek")) == no_slot);
}

TEST_CASE("a name is found as a whole or not at all") {
  for (const char* name : {"", "open_", "openatt", "ope", "OPENAT", "no_such_call"})
    CHECK_FALSE(find_syscall(name));
  CHECK(syscall_name(*find_syscall("openat")) == "openat");
}

TEST_CASE("every number of every architecture is libseccomp's") {
  for (unsigned a = 0; a < architectures().size(); ++a) {
    const auto& arch = architectures()[a];
    CHECK(find_architecture(arch.name) == a);
    unsigned known = 0;
    for (std::uint32_t n = 0; n < private_slot; ++n) {
      char* name = seccomp_syscall_resolve_num_arch(token(arch), static_cast<int>(arch.base + n));
      if (!name) continue;
      ++known;
      INFO(arch.name << " " << name);
      const auto call = find_syscall(name);
      REQUIRE(call);
      CHECK(number(a, syscall_slot(a, *call)) == arch.base + n);
      std::free(name);
    }
    CHECK(known > 300);
  }
}

TEST_CASE("socketcall and ipc reach what libseccomp says they reach") {
  for (unsigned a = 0; a < architectures().size(); ++a) {
    const bool multiplexes = seccomp_syscall_resolve_name_arch(token(architectures()[a]), "socket") < 0;
    for (const char* name : {"socket", "recv", "accept4", "sendmmsg", "semop", "shmctl", "msgget", "read"}) {
      INFO(architectures()[a].name << " " << name);
      const int pseudo = -seccomp_syscall_resolve_name_arch(token(architectures()[a]), name);
      const auto door = multiplexed(a, *find_syscall(name));
      CHECK(door.has_value() == (multiplexes && pseudo > 100 && pseudo < 300));
      if (!door) continue;
      CHECK(door->number == static_cast<std::uint32_t>(pseudo % 100));
      CHECK(door->slot == syscall_slot(a, *find_syscall(pseudo > 200 ? "ipc" : "socketcall")));
    }
  }
}

TEST_CASE("ARM's private calls have slots of their own") {
  const auto arm = *find_architecture("SCMP_ARCH_ARM");
  CHECK(number(arm, syscall_slot(arm, *find_syscall("breakpoint"))) == 0xf0001);
  CHECK(number(arm, syscall_slot(arm, *find_syscall("set_tls"))) == 0xf0005);
}
