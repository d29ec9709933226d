// lodger-network: makes what a bridge network is made of. Not for people: lodger starts it (agent.hpp).
#include <cstdio>
#include <string_view>

#include "netmode/bridge/client/answers.hpp"

int main(int argc, char** argv) {
  using namespace lodger;
  using netmode::bridge::Tables;
  const bool spared = argc == 2 && std::string_view(argv[1]) == netmode::bridge::spares_tables;
  if (argc != 1 && !spared) {
    std::fputs("lodger-network: started by lodger --network bridge, and of no use without it\n", stderr);
    return 2;
  }
  auto session = netmode::bridge::Session::open(spared ? Tables::spared : Tables::needed);
  if (!kernel::say(session ? Outcome<kernel::Words>(kernel::Words{}) : std::unexpected(session.error())) ||
      !session)
    return 1;
  while (auto question = kernel::next_question())
    if (!kernel::say(netmode::bridge::answer(*session, std::move(*question)))) return 1;
  return 0;
}
