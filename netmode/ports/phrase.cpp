#include "netmode/ports/phrase.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace lodger::netmode::ports {
namespace {

constexpr std::size_t most_entries = 20;

/// Ports that follow each other, each perhaps several times.
struct Run {
  Protocol protocol;
  std::string address, owner;
  unsigned first, last, sockets;

  bool goes_on(const Run& next) const {
    return protocol == next.protocol && address == next.address && owner == next.owner &&
           next.first <= last + 1;
  }
};

std::vector<Run> runs_of(const std::vector<Clash>& clashes) {
  std::vector<Run> all, runs;
  for (const auto& [held, owner, translated] : clashes)
    all.push_back({held.protocol, to_text(held.address), owner, held.port, held.port, 1});
  std::ranges::sort(all, {},
                    [](const Run& run) { return std::tie(run.protocol, run.address, run.owner, run.first); });
  for (auto& next : all) {
    if (runs.empty() || !runs.back().goes_on(next)) {
      runs.push_back(std::move(next));
      continue;
    }
    runs.back().last = next.last;
    ++runs.back().sockets;
  }
  std::ranges::sort(runs, {}, [](const Run& run) { return std::tie(run.first, run.protocol, run.address); });
  return runs;
}

std::string entry(const Run& run) {
  auto text = fmt::format("{} {}:{}", name_of(run.protocol), run.address, run.first);
  if (run.last != run.first) text += fmt::format("-{}", run.last);
  return text + fmt::format(" by {}", run.owner);
}

}  // namespace

std::string to_text(const Owner& owner) {
  const auto more = owner.more ? fmt::format(" and {} more", owner.more) : "";
  if (owner.container.empty() && owner.pid == 0)
    return fmt::format("a process of user {} that is not to be seen from here", owner.user);
  if (owner.container.empty())
    return fmt::format("{} (pid {}{}{}{})", owner.process, owner.pid, more, owner.where.empty() ? "" : ", ",
                       owner.where);
  if (owner.pid == 0) return fmt::format("container {}", owner.container);
  return fmt::format("container {} ({}, pid {}{})", owner.container, owner.process, owner.pid, more);
}

std::string list(const std::vector<Clash>& clashes) {
  const auto runs = runs_of(clashes);
  std::string text;
  std::size_t left = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i < most_entries)
      text += (i ? ", " : "") + entry(runs[i]);
    else
      left += runs[i].last - runs[i].first + 1;
  }
  return left ? text + fmt::format(" and {} more", left) : text;
}

}  // namespace lodger::netmode::ports
