#include "runtime/container/ports.hpp"

#include <iterator>

#include "runtime/cli/command.hpp"

namespace lodger::cli {
namespace {

Outcome<std::vector<container::HeldPort>> held_by(const Context& context, Words ids) {
  if (ids.empty()) {
    auto listing = TRY(container::ports(context.store));
    for (const auto& broken : listing.broken) context.notices(broken);
    return std::move(listing.ports);
  }
  std::vector<container::HeldPort> all;
  for (const auto id : ids) {
    auto held = TRY(container::ports(context.store, std::string(id)));
    all.insert(all.end(), std::make_move_iterator(held.begin()), std::make_move_iterator(held.end()));
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
  TRY(print(format == "json" ? container::port_array(held)
                             : container::port_table(held, given->words.size() != 1)));
  return 0;
}

}  // namespace lodger::cli
