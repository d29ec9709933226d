#include "netmode/bridge/agent.hpp"

#include <fmt/core.h>

namespace lodger::netmode::bridge {

namespace {

kernel::Words about(const char* what, const Network& network) {
  kernel::Words words{what};
  append(words, network);
  return words;
}

kernel::Words about(const char* what, const Network& network, V4 address) {
  auto words = about(what, network);
  words.push_back(to_text(address));
  return words;
}

}  // namespace

Outcome<std::string> find_program() {
  return kernel::find_helper("lodger-network", LODGER_LIBEXEC, "a bridge network needs",
                             "install it beside lodger, or use --network host or none");
}

Outcome<Agent> Agent::open(Tables tables, int interrupt) {
  const auto path = TRY(find_program());
  const auto* argument = tables == Tables::spared ? spares_tables : nullptr;
  return Agent(TRY(kernel::Helper::open(path, argument, {}, interrupt)));
}

Outcome<kernel::Words> Agent::ask(std::string_view doing, const kernel::Words& question) {
  TRY(helper_.ready("bridge network"));
  return helper_.ask(doing, question);
}

Outcome<> Agent::check_free(const std::vector<Door>& doors, std::string_view doing) {
  if (doors.empty()) return {};
  kernel::Words words{ask_look};
  append(words, doors);
  TRY(ask(doing, words));
  return {};
}

Outcome<> Agent::claim(const Network& network) {
  TRY(ask(fmt::format("making the bridge network {}", network.device), about(ask_claim, network)));
  return {};
}

Outcome<std::vector<std::string>> Agent::open_doors(const Network& network, V4 address,
                                                    const std::string& owner,
                                                    const std::vector<Door>& doors) {
  auto words = about(ask_open, network, address);
  words.push_back(owner);
  append(words, doors);
  return ask(fmt::format("making the bridge network {}", network.device), words);
}

Outcome<> Agent::attach(const Network& network, V4 address, pid_t pid) {
  auto words = about(ask_attach, network, address);
  words.push_back(std::to_string(pid));
  TRY(ask(fmt::format("joining the container to {}", network.device), words));
  return {};
}

Outcome<> Agent::close_doors(const Network& network, V4 address, const std::string& owner, bool udp) {
  auto words = about(ask_close, network, address);
  words.insert(words.end(), {owner, udp ? "udp" : ""});
  TRY(ask(fmt::format("taking the published ports of {} away", to_text(address)), words));
  return {};
}

Outcome<std::vector<std::string>> Agent::remove(const Network& network) {
  return ask(fmt::format("removing the bridge network {}", network.device), about(ask_remove, network));
}

Outcome<std::vector<std::string>> Agent::replace(const Network& network) {
  return ask(fmt::format("removing what is left of the bridge network {}", network.device),
             about(ask_replace, network));
}

}  // namespace lodger::netmode::bridge
