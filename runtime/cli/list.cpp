#include <fmt/core.h>

#include "runtime/cli/command.hpp"
#include "runtime/container/query.hpp"

namespace lodger::cli {
namespace {

std::string ids(const std::vector<container::Entry>& entries) {
  std::string out;
  for (const auto& entry : entries) out += entry.record.id + '\n';
  return out;
}

}  // namespace

Outcome<int> list(const Context& context, Words words) {
  std::string format = "table";
  bool quiet = false;
  const Flag flags[] = {{"format", 'f', "table|json", "how to print them", &format},
                        {"quiet", 'q', "", "print the ids alone", &quiet}};
  const Usage usage{"list", "", "Lists the containers of the state root.", 0, 0};
  if (!TRY(arguments(context, words, usage, flags))) return 0;
  if (format != "table" && format != "json")
    return refuse(fmt::format("list: invalid format option: {}: wanted is table or json", format), EINVAL);
  const auto listing = TRY(container::list(context.store));
  for (const auto& broken : listing.broken) context.notices(broken);
  if (quiet)
    TRY(print(ids(listing.entries)));
  else
    TRY(print(format == "json" ? container::array(listing.entries) + '\n'
                               : container::table(listing.entries)));
  return 0;
}

}  // namespace lodger::cli
