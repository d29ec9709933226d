// Run while lodger is built: asks libseccomp for every system call of every architecture and prints the table
// that syscalls.cpp includes. Source: seccomp_syscall_resolve_name(3).
#include <seccomp.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/security/syscall_hash.hpp"
#include "runtime/security/tables/architectures.hpp"

namespace security = lodger::security;
using security::Architecture;
using security::Slot;

namespace {

[[noreturn]] void give_up(const char* why, const char* what) {
  std::fprintf(stderr, "syscall table: %s: %s\n", what, why);
  std::exit(1);
}

// libseccomp numbers x32 apart from x86_64; all others carry the kernel's audit number.
std::uint32_t token(const Architecture& arch) { return arch.base == 0x40000000 ? SCMP_ARCH_X32 : arch.audit; }

std::string name_of(const Architecture& arch, std::uint32_t number) {
  char* found = seccomp_syscall_resolve_num_arch(token(arch), static_cast<int>(number));
  std::string name = found ? found : "";
  std::free(found);
  return name;
}

// All calls with a number of their own.
std::map<std::string, Slot> numbered(const Architecture& arch) {
  std::map<std::string, Slot> calls;
  for (Slot slot = 0; slot < security::slots_per_architecture; ++slot) {
    const bool is_private = slot >= security::private_slot;
    if (is_private && arch.audit != AUDIT_ARCH_ARM) break;
    const auto base = is_private ? security::private_base - security::private_slot : arch.base;
    if (const auto name = name_of(arch, base + slot); !name.empty()) calls[name] = slot;
  }
  if (calls.size() < 300) give_up("libseccomp knows next to nothing of it", arch.name.data());
  for (std::uint32_t past = security::private_slot; past < 2 * security::private_slot; ++past)
    if (arch.base != 5000 && arch.base != 4000 && !name_of(arch, arch.base + past).empty())
      give_up("a number above the table", arch.name.data());
  return calls;
}

// libseccomp's pseudo numbers: -101 to -120 stand for socketcall(2), -201 to -224 for ipc(2).
int multiplexed(const Architecture& arch, const char* name) {
  const int number = seccomp_syscall_resolve_name_arch(token(arch), name);
  return (number < -100 && number > -130) || (number < -200 && number > -230) ? -number : 0;
}

template <class Values>
void print(const char* declaration, const Values& values) {
  std::printf("%s = {", declaration);
  for (const auto value : values) std::printf("%u,", static_cast<unsigned>(value));
  std::printf("};\n");
}

void print_names(const std::set<std::string>& names) {
  std::vector<std::size_t> starts;
  std::size_t at = 0;
  std::printf("constexpr unsigned table_calls = %zu;\nconstexpr char table_names[] =", names.size());
  for (const auto& name : names) {
    std::printf("\n  \"%s\"", name.c_str());
    starts.push_back(at);
    at += name.size();
  }
  starts.push_back(at);
  std::printf(";\n");
  print("constexpr std::uint16_t table_starts[]", starts);
}

void print_hash(const std::set<std::string>& names) {
  if (names.size() * 2 > security::syscall_hash_slots) give_up("too small for all names", "hash table");
  std::vector<unsigned> slots(security::syscall_hash_slots, 0);
  unsigned next = 1;  // 0 marks a free slot
  for (const auto& name : names) {
    auto at = security::syscall_hash(name);
    while (slots[at]) at = (at + 1) & (security::syscall_hash_slots - 1);
    slots[at] = next++;
  }
  print("constexpr std::uint16_t table_hash[]", slots);
}

void print_slots(const std::vector<std::map<std::string, Slot>>& tables, const std::set<std::string>& names) {
  std::printf("constexpr Slot table_slots[][table_calls] = {\n");
  for (const auto& table : tables) {
    std::printf("{");
    for (const auto& name : names)
      std::printf("%u,", table.contains(name) ? table.at(name) : unsigned{security::no_slot});
    std::printf("},\n");
  }
  std::printf("};\n");
}

void print_multiplexed(const std::set<std::string>& names) {
  std::vector<int> of_x86, reaches;
  for (const auto& name : names) of_x86.push_back(multiplexed(security::all_architectures[1], name.c_str()));
  for (const auto& arch : security::all_architectures) reaches.push_back(multiplexed(arch, "socket"));
  print("constexpr std::uint8_t table_multiplexed[]", of_x86);
  print("constexpr std::uint8_t table_multiplexes[]", reaches);
}

}  // namespace

int main() {
  std::vector<std::map<std::string, Slot>> tables;
  std::set<std::string> names;
  for (const auto& arch : security::all_architectures) {
    tables.push_back(numbered(arch));
    for (const auto& [name, slot] : tables.back()) names.insert(name);
  }
  print_names(names);
  print_hash(names);
  print_slots(tables, names);
  print_multiplexed(names);
}
