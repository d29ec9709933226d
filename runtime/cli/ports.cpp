#include "runtime/container/ports.hpp"

#include <algorithm>
#include <iterator>

#include "runtime/cli/command.hpp"

namespace lodger::cli {
namespace {

Outcome<container::PortListing> held_by(const Context& context, Words ids) {
  if (ids.empty()) return container::ports(context.store);
  container::PortListing all;
  for (const auto id : ids) {
    auto held = TRY(container::ports(context.store, std::string(id)));
    std::ranges::move(held.ports, std::back_inserter(all.ports));
    std::ranges::move(held.broken, std::back_inserter(all.broken));
  }
  return all;
}

}  // namespace

Outcome<int> ports(const Context& context, Words words) {
  std::string format = "table";
  const Flag flags[] = {{"format", 'f', "table|json", "how to print them", &format}};
  const Usage usage{
      "ports", "[<container-id>...]",
      "Lists the ports that containers hold, all of them where none is named: for one on the host's\n"
      "network these are the host's ports.",
      0, any_number};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  TRY(one_of("format", format, {"table", "json"}));
  const auto held = TRY(held_by(context, given->words));
  for (const auto& broken : held.broken) context.notices(broken);
  TRY(print(format == "json" ? container::port_array(held.ports)
                             : container::port_table(held.ports, given->words.size() != 1)));
  return 0;
}

}  // namespace lodger::cli
