#include <fmt/core.h>

#include "runtime/cli/command.hpp"
#include "runtime/cli/host_program.hpp"
#include "runtime/cli/process_table.hpp"
#include "runtime/container/processes.hpp"

namespace lodger::cli {
namespace {

std::string array(const std::vector<pid_t>& pids) {
  std::string out;
  for (const pid_t pid : pids) out += fmt::format("{}{}", out.empty() ? "" : ",", pid);
  return fmt::format("[{}]\n", out);
}

Outcome<std::string> table(const std::vector<pid_t>& pids, Words options) {
  constexpr std::string_view usual[] = {"-ef"};
  const auto all = TRY(output_of("ps", options.empty() ? Words(usual) : options));
  return lines_of(all, pids);
}

}  // namespace

Outcome<int> ps(const Context& context, Words words) {
  std::string format = "table";
  const Flag flags[] = {{"format", 'f', "table|json", "json: the process ids alone, as an array", &format}};
  const Usage usage{
      "ps",
      "<container-id> [ps options]",
      "Shows the processes of a container: the lines of ps(1), run with these options (default: "
      "-ef), that are its.",
      1,
      any_number,
      Order::first};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  if (format != "table" && format != "json")
    return refuse(fmt::format("ps: invalid format option: {}: wanted is table or json", format), EINVAL);
  const auto pids = TRY(container::processes(context.store, std::string(given->words.front())));
  const auto text = format == "json" ? array(pids) : TRY(table(pids, Words(given->words).subspan(1)));
  TRY(print(text));
  return 0;
}

}  // namespace lodger::cli
