// Published ports of a bridge's container, asked for at the host's address from inside: by the container
// itself, by a neighbour, and from another network.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "support/bridged.hpp"

using namespace lodger::test;

namespace {

struct Asked {
  std::string stack, address;
};
const Asked everywhere[] = {
    {"tcp4", "192.0.2.1"}, {"udp4", "192.0.2.1"}, {"tcp6", "2001:db8::1"}, {"udp6", "2001:db8::1"}};

/// A datagram may get lost: it is sent three times.
std::string question(const Asked& asked, const std::string& who) {
  const auto one = "ask " + asked.stack + " 8080 " + who + " " + asked.address;
  return asked.stack.starts_with("udp") ? one + " ; " + one + " ; " + one : one;
}

std::string questions(const std::string& who) {
  std::string line;
  for (const auto& asked : everywhere) line += (line.empty() ? "" : " ; ") + question(asked, who);
  return line;
}

void check_answers(const Finished& done, const std::string& who) {
  INFO(done.summary() << done.out);
  const Facts facts(done.out);
  for (const auto& [stack, address] : everywhere) {
    CAPTURE(stack);
    const auto answers = facts.all("ask:" + stack);
    REQUIRE_FALSE(answers.empty());
    CHECK(answers.front() == "inside:" + who);
  }
}

}  // namespace

TEST_CASE(
    "bridge hairpin: the container, a neighbour and another network reach a published port at the host's "
    "address",
    "[bridge_hairpin]") {
  const bool proxied = GENERATE(false, true);
  NETWORKS_BY(proxied);
  CAPTURE(proxied);
  const Bundle serving(
      "stand tcp4 0.0.0.0 80 ; stand udp4 0.0.0.0 80 ; stand tcp6 :: 80 ; stand udp6 :: 80 ; answer");
  Container server(serving);
  auto flags = bridge({"-p", "8080:80/tcp", "-p", "8080:80/udp"});
  if (proxied) flags.emplace_back("--userland-proxy");
  Running run = server.begin(server.making("run", flags));
  run.wait_for("answering=4");

  std::vector<std::string> own{"exec", server.id(), "/bin/probe"};
  for (auto& word : words(questions("itself"))) own.push_back(std::move(word));
  check_answers(server.call(own), "itself");

  for (const std::string who : {"bridge", "bridge:other"}) {
    CAPTURE(who);
    const Bundle asking(questions(who), without_cgroup);
    const auto done = server.call(
        {"--cgroup-manager", "disabled", "run", "--bundle", asking.path(), "--network", who, "client"});
    check_answers(done, who);
    CHECK(server.call({"delete", "--force", "client"}).status == 0);
  }
  run.kill(SIGKILL);
  run.wait();
  server.remove();
  prune(server);
  CHECK(soon_traces(""));
}
