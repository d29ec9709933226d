#include "relayed.hpp"

#include <catch2/catch.hpp>
#include <stdlib.h>

#include "census.hpp"

namespace lodger::test {

using nlohmann::json;

std::vector<std::string> pastas() {
  std::vector<std::string> found;
  for (const char* place : {"/usr/local/bin/pasta", "/usr/bin/pasta", "/bin/pasta"})
    if (found.empty() && access(place, X_OK) == 0) found.emplace_back(place);
  if (const char* current = ::getenv("LODGER_PASTA_CURRENT")) found.emplace_back(current);
  return found;
}

RelayHost::RelayHost(std::string program) : program_(std::move(program)) {
  why = net.why;
  REQUIRE(::setenv("LODGER_PASTA", program_.c_str(), 1) == 0);
  // Debian 12's does not know its version.
  const auto help = run_command({program_, "--help"});
  old = (help.out + help.err).find("--host-lo-to-ns-lo") == std::string::npos;
  // Until duplicate addresses are looked for, the link-local one is of no use: ip-address(8), "tentative".
  if (!eventually(
          [] { return shell("ip -6 -o address show dev out scope link | grep -v tentative").out != ""; }))
    why += "no link-local address of IPv6";
}

RelayHost::~RelayHost() { ::unsetenv("LODGER_PASTA"); }

bool is_six(const std::string& stack) { return stack.ends_with('6'); }
bool is_udp(const std::string& stack) { return stack.starts_with("udp"); }

std::vector<std::string> relay(const std::string& options, std::vector<std::string> more) {
  more.insert(more.begin(), {"--network", "relay" + (options.empty() ? "" : "," + options)});
  return more;
}

void without_raw_sockets(json& config) {
  for (auto& set : config["process"]["capabilities"])
    for (std::size_t i = set.size(); i > 0; --i)
      if (set[i - 1] == "CAP_NET_RAW") set.erase(i - 1);
}

std::string stand(const std::vector<std::string>& stacks, const std::string& port, bool loopback) {
  std::string line;
  for (const auto& stack : stacks) {
    const char* any = is_six(stack) ? "::" : "0.0.0.0";
    const char* local = is_six(stack) ? "::1" : "127.0.0.1";
    line += "stand " + stack + " " + (loopback ? local : any) + " " + port + " ; ";
  }
  return line;
}

Running serving(const std::string& stands, const std::vector<std::string>& where) {
  auto argv = probing(stands + "answer");
  argv.insert(argv.begin(), where.begin(), where.end());
  Running server(argv, {.limit = std::chrono::seconds(60)});
  server.wait_for("answering=");
  INFO(server.out());
  REQUIRE(server.out().find(".errno=0") != std::string::npos);
  return server;
}

Where inside_of(const Container& container) {
  return {runtime_path(), "--root", container.root(), "exec", container.id()};
}

namespace {

std::vector<std::string> asking(const Where& where, const std::string& stack, const std::string& port,
                                const std::string& address) {
  const bool inside = !where.empty() && where.front() == runtime_path();
  auto argv = where;
  if (inside) argv.emplace_back("/bin/busybox");
  for (const char* word : {"timeout", "0.7"}) argv.emplace_back(word);
  argv.push_back(inside ? "/bin/probe" : probe_path());
  for (const auto& word : {std::string("ask"), stack, port, std::string("hello"), address})
    if (!word.empty()) argv.push_back(word);
  return argv;
}

std::string answer_of(const Finished& done, const std::string& stack) {
  const auto heard = Facts(done.out).all("ask:" + stack);
  return heard.empty() ? "" : heard.front();
}

}  // namespace

std::string asked(const Where& where, const std::string& stack, const std::string& port,
                  const std::string& address) {
  return answer_of(run_command(asking(where, stack, port, address)), stack);
}

std::vector<std::string> asked_of(const Where& where, const std::vector<std::string>& servers) {
  std::vector<Running> all;
  std::vector<std::string> answers;
  for (const auto& server : servers) all.emplace_back(asking(where, words(server)[0], words(server)[1], ""));
  for (std::size_t i = 0; i < servers.size(); ++i)
    answers.push_back(answer_of(all[i].wait(), words(servers[i])[0]));
  return answers;
}

bool answers(const Where& where, const std::string& stack, const std::string& port,
             const std::string& address) {
  return eventually([&] { return asked(where, stack, port, address) == "inside:hello"; });
}

json relay_of(Container& container) { return container.state().value("network", json::object()); }
pid_t relay_pid(Container& container) { return relay_of(container).at("pid"); }

std::string relays_here() { return shell("pgrep --ns $$ --nslist net 'pasta|passt|ld-linux'").out; }
bool soon_no_relays() {
  return eventually([] { return relays_here().empty(); }, std::chrono::seconds(5));
}

std::vector<std::string> relay_cgroups(const Bundle& bundle) {
  return cgroup_folders(bundle.name() + ":relay");
}

}  // namespace lodger::test
