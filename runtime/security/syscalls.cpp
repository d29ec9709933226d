#include "runtime/security/syscalls.hpp"

#include "runtime/security/syscall_hash.hpp"
#include "runtime/security/tables/architectures.hpp"

namespace lodger::security {

namespace {

#include "syscall_table.inc"

constexpr unsigned ipc_numbers = 200;  // table_multiplexed: 101 and up are socketcall's, 201 and up ipc's

}  // namespace

std::span<const Architecture> architectures() { return all_architectures; }

std::optional<unsigned> find_architecture(std::string_view name) {
  for (unsigned i = 0; i < all_architectures.size(); ++i)
    if (all_architectures[i].name == name) return i;
  return std::nullopt;
}

unsigned native_architecture() {
#if defined(__x86_64__)
  return 0;
#elif defined(__aarch64__)
  return 3;
#else
#error "name the architecture's place in all_architectures"
#endif
}

std::string_view syscall_name(unsigned call) {
  return {table_names + table_starts[call], std::size_t{table_starts[call + 1]} - table_starts[call]};
}

std::optional<unsigned> find_syscall(std::string_view name) {
  for (auto at = syscall_hash(name); table_hash[at]; at = (at + 1) & (syscall_hash_slots - 1))
    if (const unsigned call = table_hash[at] - 1U; syscall_name(call) == name) return call;
  return std::nullopt;
}

Slot syscall_slot(unsigned architecture, unsigned call) { return table_slots[architecture][call]; }

std::optional<Multiplexed> multiplexed(unsigned architecture, unsigned call) {
  const unsigned pseudo = table_multiplexed[call];
  if (!pseudo || !table_multiplexes[architecture]) return std::nullopt;
  const auto door = find_syscall(pseudo > ipc_numbers ? "ipc" : "socketcall");
  return Multiplexed{table_slots[architecture][*door], pseudo % 100};
}

}  // namespace lodger::security
