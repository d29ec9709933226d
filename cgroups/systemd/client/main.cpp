// lodger-systemd: asks systemd for what lodger wants of it. Not for people: lodger starts it (manager.hpp).
#include <cstdio>
#include <string>

#include "cgroups/systemd/client/protocol.hpp"
#include "cgroups/systemd/client/units.hpp"
#include "kernel/helper.hpp"

namespace {

using namespace lodger;
using namespace lodger::cgroups::systemd;

Outcome<Words> answered(const Outcome<>& outcome) {
  if (!outcome) return std::unexpected(outcome.error());
  return Words{};
}

Outcome<> answer(const Bus& bus, Words words) {
  const auto nonsense = [] { return refuse("lodger-systemd: not a question", EPROTO); };
  if (words.size() < 2) return nonsense();
  const auto question = words[0], unit = words[1];
  words.erase(words.begin(), words.begin() + 2);
  if (question == stop_unit) return stop(bus, unit);
  if (question == attach_process && words.size() == 2) return attach(bus, unit, words[0], words[1]);
  const auto properties = take_properties(words);
  if (!properties) return nonsense();
  if (question == start_unit) return start(bus, unit, *properties);
  if (question == set_properties) return set(bus, unit, *properties);
  return nonsense();
}

int serve(const Bus& bus) {
  while (auto words = kernel::next_question())
    if (!kernel::say(answered(answer(bus, std::move(*words))))) return 1;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view which = argc == 2 ? argv[1] : "";
  if (which != system_manager && which != user_manager) {
    std::fputs("lodger-systemd: started by lodger --systemd-cgroup, and of no use without it\n", stderr);
    return 2;
  }
  const auto bus = connect_to_manager(which == user_manager);
  if (!kernel::say(answered(bus ? Outcome<>{} : std::unexpected(bus.error()))) || !bus) return 1;
  return serve(*bus);
}
