// Names to numbers to ranges. Each architecture has a dense table of verdicts while the profile is read;
// ranges of equal verdict come out of it at the end.
#include "runtime/security/seccomp_model.hpp"

#include <fmt/core.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>

#include "runtime/security/seccomp_rules.hpp"
#include "runtime/security/syscalls.hpp"

namespace lodger::security {

using Action = spec::SeccompAction;

std::uint32_t action_value(Action action, std::optional<std::uint32_t> errno_ret) {
  const std::uint32_t data = errno_ret.value_or(EPERM) & SECCOMP_RET_DATA;
  switch (action) {
    case Action::kill:
    case Action::kill_thread: return SECCOMP_RET_KILL_THREAD;
    case Action::kill_process: return SECCOMP_RET_KILL_PROCESS;
    case Action::trap: return SECCOMP_RET_TRAP;
    case Action::errno_: return SECCOMP_RET_ERRNO | data;
    case Action::trace: return SECCOMP_RET_TRACE | data;
    case Action::allow: return SECCOMP_RET_ALLOW;
    case Action::log: return SECCOMP_RET_LOG;
    case Action::notify: return SECCOMP_RET_USER_NOTIF;
  }
  __builtin_unreachable();
}

namespace {

constexpr std::uint32_t foreign_action = SECCOMP_RET_KILL_THREAD;  // libseccomp's SCMP_FLTATR_ACT_BADARCH
constexpr std::uint32_t x32_bit = 0x40000000;                      // __X32_SYSCALL_BIT of <asm/unistd.h>
constexpr std::uint16_t default_verdict = 0, foreign_verdict = 1, enosys_verdict = 2;

// One architecture of the profile.
struct Table {
  unsigned architecture;
  bool wide;
  std::int32_t newest = -1;  // the highest slot below private_slot that the profile names at all
  std::vector<std::uint16_t> verdicts = std::vector<std::uint16_t>(slots_per_architecture, default_verdict);
};

// One entry of the profile, as it is for all architectures.
struct Entry {
  const spec::SeccompSyscall* syscall;
  std::uint32_t action;
  bool redundant;     // the default action anyway
  bool alternatives;  // two comparisons of one argument: each comparison is a rule of its own
};

class Maker {
 public:
  Maker(const spec::Seccomp& profile, bool newer_is_enosys);
  Outcome<Model> make() &&;

 private:
  Outcome<> enter(const Entry& entry);
  Outcome<> enter(const Entry& entry, Table& table, unsigned call);
  Outcome<> put(Table& table, Slot slot, std::vector<Condition> when, std::uint32_t action, unsigned call);
  std::uint16_t verdict_of(std::uint32_t action);
  Section section(const Table& table, const Table* x32) const;
  void append(std::vector<Range>& ranges, const Table& table) const;

  const spec::Seccomp& profile_;
  bool newer_is_enosys_;
  Model model_;
  std::vector<Table> tables_;
};

Maker::Maker(const spec::Seccomp& profile, bool newer_is_enosys) : profile_(profile) {
  const auto otherwise = action_value(profile.default_action, profile.default_errno_ret);
  model_.verdicts = {
      {{}, otherwise, false}, {{}, foreign_action, false}, {{}, SECCOMP_RET_ERRNO | ENOSYS, false}};
  model_.foreign = foreign_action;
  // A default that lets calls pass keeps doing so for new ones: a tracer emulates, a log completes.
  const bool lets_pass = profile.default_action == Action::allow || profile.default_action == Action::log ||
                         profile.default_action == Action::trace;
  newer_is_enosys_ = newer_is_enosys && !lets_pass;
}

// The verdict of a plain action; few differ, so a search is cheaper than a map.
std::uint16_t Maker::verdict_of(std::uint32_t action) {
  const Verdict wanted{{}, action, false};
  const auto index = std::ranges::find(model_.verdicts, wanted) - model_.verdicts.begin();
  if (index == std::ssize(model_.verdicts)) model_.verdicts.push_back(wanted);
  return static_cast<std::uint16_t>(index);
}

// What is there already counts: an unconditional rule wins over all that come later, and replaces conditional
// ones that came earlier. That is libseccomp's order, and profiles rely on it.
Outcome<> Maker::put(Table& table, Slot slot, std::vector<Condition> when, std::uint32_t action,
                     unsigned call) {
  auto& verdict = table.verdicts[slot];
  const bool taken = verdict != default_verdict;
  const bool conditional = taken && !model_.verdicts[verdict].rules.empty();
  if (taken && !conditional) return {};
  if (when.empty()) {
    verdict = verdict_of(action);
    return {};
  }
  if (!conditional) {
    model_.verdicts.push_back({{}, model_.verdicts[default_verdict].otherwise, table.wide});
    verdict = static_cast<std::uint16_t>(model_.verdicts.size() - 1);
  }
  if (add(model_.verdicts[verdict].rules, {std::move(when), action}) != Added::contradiction) return {};
  return refuse(
      fmt::format("linux.seccomp.syscalls: the rules for \"{}\" give two actions for the same arguments; "
                  "remove one of them",
                  syscall_name(call)));
}

Outcome<> Maker::enter(const Entry& entry, Table& table, unsigned call) {
  const Slot slot = syscall_slot(table.architecture, call);
  if (slot < private_slot) table.newest = std::max<std::int32_t>(table.newest, slot);
  if (entry.redundant) return {};
  const auto door = multiplexed(table.architecture, call);
  const auto enter_rule = [&](std::span<const spec::SeccompArg> args) -> Outcome<> {
    auto when = conditions(args, table.wide);
    if (door) {
      // The caller's arguments lie in memory behind args[1], out of a filter's sight: comparisons of args[0]
      // give way to the number of the call, the others stay, for equality with libseccomp.
      auto through = when;
      std::erase_if(through, [](const Condition& c) { return c.arg == 0; });
      const std::uint64_t width = table.wide ? ~std::uint64_t{0} : 0xffffffff;
      through.insert(through.begin(), {0, spec::SeccompOperator::eq, door->number, width});
      TRY(put(table, door->slot, std::move(through), entry.action, call));
    }
    if (slot != no_slot) TRY(put(table, slot, std::move(when), entry.action, call));
    return {};
  };
  if (!entry.alternatives) return enter_rule(entry.syscall->args);
  for (const auto& arg : entry.syscall->args) TRY(enter_rule({&arg, 1}));
  return {};
}

Outcome<> Maker::enter(const Entry& entry) {
  for (const auto& name : entry.syscall->names) {
    const auto call = find_syscall(name);
    if (!call) continue;  // unknown here, so it can have no number: config-linux.md, "syscalls"
    for (auto& table : tables_) TRY(enter(entry, table, *call));
  }
  return {};
}

// Is any argument compared twice?
bool has_alternatives(const std::vector<spec::SeccompArg>& args) {
  unsigned seen = 0;
  for (const auto& arg : args) {
    if (seen & (1U << arg.index)) return true;
    seen |= 1U << arg.index;
  }
  return false;
}

void push(std::vector<Range>& ranges, std::uint32_t first, std::uint16_t verdict) {
  if (!ranges.empty() && ranges.back().verdict == verdict) return;
  if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
  ranges.push_back({first, verdict});
}

void Maker::append(std::vector<Range>& ranges, const Table& table) const {
  const auto& arch = architectures()[table.architecture];
  const bool enosys = newer_is_enosys_ && table.newest >= 0;
  for (Slot slot = 0; slot < private_slot; ++slot) {
    const bool newer = enosys && slot > table.newest;
    push(ranges, arch.base + slot, newer ? enosys_verdict : table.verdicts[slot]);
    if (newer) break;
  }
  const std::uint16_t beyond = enosys ? enosys_verdict : default_verdict;
  push(ranges, arch.base + private_slot, beyond);
  if (arch.audit != AUDIT_ARCH_ARM) return;
  for (Slot slot = private_slot; slot < slots_per_architecture; ++slot) {
    const auto verdict = table.verdicts[slot];
    push(ranges, private_base + (slot - private_slot), verdict == default_verdict ? beyond : verdict);
  }
  push(ranges, private_base + (slots_per_architecture - private_slot), beyond);
}

Section Maker::section(const Table& table, const Table* x32) const {
  const auto& arch = architectures()[table.architecture];
  Section out{arch.audit, {}};
  push(out.ranges, 0, arch.base == x32_bit ? foreign_verdict : default_verdict);
  append(out.ranges, table);
  if (arch.audit != AUDIT_ARCH_X86_64 || arch.base == x32_bit) return out;
  if (x32) {
    append(out.ranges, *x32);
    return out;
  }
  push(out.ranges, x32_bit, foreign_verdict);
  push(out.ranges, ~0U, default_verdict);  // -1: what a tracer leaves of a call that it wants skipped
  return out;
}

Outcome<Model> Maker::make() && {
  const auto take = [&](unsigned architecture) {
    if (std::ranges::find(tables_, architecture, &Table::architecture) == tables_.end())
      tables_.push_back({architecture, architectures()[architecture].wide});
  };
  take(native_architecture());  // always there, listed or not, as in libseccomp
  for (const auto& name : profile_.architectures)
    if (const auto architecture = find_architecture(name)) take(*architecture);
  for (const auto& syscall : profile_.syscalls) {
    const auto action = action_value(syscall.action, syscall.errno_ret);
    const bool redundant = action == model_.verdicts[default_verdict].otherwise;
    TRY(enter({&syscall, action, redundant, has_alternatives(syscall.args)}));
  }
  for (auto& verdict : model_.verdicts) order(verdict.rules, verdict.wide);
  const Table* x32 = nullptr;
  const Table* x86_64 = nullptr;
  for (const auto& table : tables_) {
    if (architectures()[table.architecture].base == x32_bit) x32 = &table;
    if (architectures()[table.architecture].name == "SCMP_ARCH_X86_64") x86_64 = &table;
  }
  for (const auto& table : tables_)
    if (&table != x32 || !x86_64) model_.sections.push_back(section(table, x32));
  return std::move(model_);
}

}  // namespace

Outcome<Model> model(const spec::Seccomp& profile, bool newer_is_enosys) {
  return Maker(profile, newer_is_enosys).make();
}

}  // namespace lodger::security
