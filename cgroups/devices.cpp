#include "cgroups/devices.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace lodger::cgroups {
namespace {

constexpr unsigned mknod = BPF_DEVCG_ACC_MKNOD, read = BPF_DEVCG_ACC_READ, write = BPF_DEVCG_ACC_WRITE;

/// Making a node is harmless without the right to open it. Behind the numbers stand config-linux.md's default
/// devices, what /dev/ptmx opens, and the terminals of the container's own devpts.
constexpr DeviceMatch always[] = {
    {true, 'c', -1, -1, mknod},       // any node may be made
    {true, 'b', -1, -1, mknod},       //
    {true, 'c', 1, 3, all_access},    // null
    {true, 'c', 1, 5, all_access},    // zero
    {true, 'c', 1, 7, all_access},    // full
    {true, 'c', 1, 8, all_access},    // random
    {true, 'c', 1, 9, all_access},    // urandom
    {true, 'c', 5, 0, all_access},    // tty
    {true, 'c', 5, 2, all_access},    // ptmx
    {true, 'c', 136, -1, all_access}  // pts/*
};

/// Other letters are left out, and warned of: spec::remarks().
Outcome<unsigned> access_of(const std::string& letters, std::size_t index) {
  if (letters.empty()) return all_access;
  unsigned access = 0;
  for (const char letter : letters) switch (letter) {
      case 'r': access |= read; break;
      case 'w': access |= write; break;
      case 'm': access |= mknod; break;
      default: break;
    }
  if (access) return access;
  return refuse(
      fmt::format("linux.resources.devices[{}].access: \"{}\": holds neither r nor w nor m", index, letters),
      EINVAL);
}

/// Callers write "all" as an absent number or as -1.
Outcome<std::int64_t> number_of(std::optional<std::int64_t> number, std::string_view which,
                                std::size_t index) {
  if (!number || *number == -1) return -1;
  if (*number < 0 || *number > std::numeric_limits<std::int32_t>::max())
    return refuse(
        fmt::format("linux.resources.devices[{}].{}: {}: not a device number", index, which, *number),
        EINVAL);
  return *number;
}

/// What the v1 kernel keeps for a cgroup.
struct Exceptions {
  bool allow_by_default = false;
  std::vector<DeviceMatch> list;  // of types 'b' and 'c'
};

bool same_devices(const DeviceMatch& a, const DeviceMatch& b) {
  return a.type == b.type && a.major == b.major && a.minor == b.minor;
}
bool meet(std::int64_t a, std::int64_t b) { return a < 0 || b < 0 || a == b; }
bool covers(std::int64_t whole, std::int64_t part) { return whole < 0 || whole == part; }

std::string line(const DeviceMatch& m) {
  const auto number = [](std::int64_t n) { return n < 0 ? std::string("*") : std::to_string(n); };
  return fmt::format("{} {}:{} {}{}{}", m.type, number(m.major), number(m.minor), m.access & read ? "r" : "",
                     m.access & write ? "w" : "", m.access & mknod ? "m" : "");
}

/// Takes the rule's accesses away from the exceptions it covers.
Outcome<> take_away(Exceptions& state, const DeviceMatch& rule) {
  for (auto& e : state.list) {
    if (e.type != rule.type || !(e.access & rule.access) || !meet(e.major, rule.major) ||
        !meet(e.minor, rule.minor))
      continue;
    if (!covers(rule.major, e.major) || !covers(rule.minor, e.minor))
      return refuse(
          fmt::format(
              "linux.resources.devices: cgroup v1 cannot {} \"{}\" out of \"{}\": name the devices singly",
              rule.allow ? "allow" : "deny", line(rule), line(e)),
          ENOTSUP);
    e.access &= ~rule.access;
  }
  std::erase_if(state.list, [](const DeviceMatch& e) { return e.access == 0; });
  return {};
}

Outcome<> follow(Exceptions& state, const DeviceMatch& rule) {
  if (is_total(rule)) {
    state = {rule.allow, {}};
    return {};
  }
  if (rule.type == 'a') {  // the kernel would read "a 1:3 r" as "a"
    auto half = rule;
    half.type = 'b';
    TRY(follow(state, half));
    half.type = 'c';
    return follow(state, half);
  }
  if (rule.allow == state.allow_by_default) return take_away(state, rule);
  const auto found = std::find_if(state.list.begin(), state.list.end(),
                                  [&](const DeviceMatch& e) { return same_devices(e, rule); });
  if (found == state.list.end())
    state.list.push_back(rule);
  else
    found->access |= rule.access;
  return {};
}

}  // namespace

Outcome<std::vector<DeviceMatch>> device_rules(const std::vector<spec::DeviceRule>& rules) {
  std::vector<DeviceMatch> matches;
  if (rules.empty()) return matches;
  matches.reserve(rules.size() + std::size(always));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& rule = rules[i];
    if (rule.type != 'a' && rule.type != 'b' && rule.type != 'c')
      return refuse(fmt::format("linux.resources.devices[{}].type: \"{}\": must be a, b or c", i, rule.type),
                    EINVAL);
    matches.push_back({rule.allow, rule.type, TRY(number_of(rule.major, "major", i)),
                       TRY(number_of(rule.minor, "minor", i)), TRY(access_of(rule.access, i))});
  }
  matches.insert(matches.end(), std::begin(always), std::end(always));
  return matches;
}

Outcome<std::vector<Setting>> device_settings(const std::vector<DeviceMatch>& rules) {
  std::vector<Setting> settings;
  if (rules.empty()) return settings;
  Exceptions state;
  for (const auto& rule : rules) TRY(follow(state, rule));
  const auto add = [&](bool allow, std::string value) {
    settings.push_back(
        {"devices", allow ? "devices.allow" : "devices.deny", std::move(value), false, false, {}, {}});
  };
  add(state.allow_by_default, "a");
  for (const auto& e : state.list) add(!state.allow_by_default, line(e));
  return settings;
}

}  // namespace lodger::cgroups
