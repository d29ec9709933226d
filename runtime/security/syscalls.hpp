// System calls by name and number, for every architecture whose calls this kernel could be asked to make.
// The numbers are libseccomp's, taken over when lodger is built: nothing is looked up in a library at start.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lodger::security {

/// A position in an architecture's table. Up to `private_slot` it is the distance from the architecture's
/// first number; from there on ARM's private calls follow (breakpoint, cacheflush, ...).
using Slot = std::uint16_t;
inline constexpr Slot no_slot = 0xffff;
inline constexpr Slot private_slot = 1024;
inline constexpr Slot slots_per_architecture = private_slot + 16;
inline constexpr std::uint32_t private_base = 0xf0000;  // __ARM_NR_BASE of <asm/unistd.h>

/// One SCMP_ARCH_* of the specification. x32 shares its audit number with x86_64, and is told apart by bit 30
/// of the call's number.
struct Architecture {
  std::string_view name;  // "SCMP_ARCH_X86_64"
  std::uint32_t audit;    // AUDIT_ARCH_*: what seccomp_data.arch holds
  std::uint32_t base;     // the first number: 0; 0x40000000 for x32; 4000, 5000, 6000 for the MIPS ABIs
  bool wide;              // registers of 64 bits
};

/// All that the table covers: the little-endian ones that libseccomp knew.
std::span<const Architecture> architectures();
/// The index into architectures() of an SCMP_ARCH_* name; nothing for one that is not covered.
std::optional<unsigned> find_architecture(std::string_view name);
/// The index of the architecture that lodger itself was built for.
unsigned native_architecture();

/// A call by name: an index for the functions below, or nothing where libseccomp did not know it.
std::optional<unsigned> find_syscall(std::string_view name);
std::string_view syscall_name(unsigned call);
/// Where `call` has a number of its own on `architecture`, or no_slot.
Slot syscall_slot(unsigned architecture, unsigned call);

/// A call that an architecture reaches, also or only, through socketcall(2) or ipc(2): the slot of that call,
/// and the value of its first argument.
struct Multiplexed {
  Slot slot;
  std::uint32_t number;
};
std::optional<Multiplexed> multiplexed(unsigned architecture, unsigned call);

}  // namespace lodger::security
