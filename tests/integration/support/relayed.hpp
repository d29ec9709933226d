// What the tests of `--network relay` stand on: two network namespaces of each test's own, as for bridges
// (bridged.hpp), and each pasta that is at hand: the system's, and one that LODGER_PASTA_CURRENT names.
#pragma once
#include <nlohmann/json.hpp>

#include "bridged.hpp"
#include "container.hpp"
#include "needs.hpp"

namespace lodger::test {

/// Paths, none where there is no pasta.
std::vector<std::string> pastas();

/// The host, reached from the outside as 192.0.2.1 and 2001:db8::1; lodger's pasta is `program`.
class RelayHost {
 public:
  explicit RelayHost(std::string program);
  RelayHost(const RelayHost&) = delete;
  ~RelayHost();

  std::string why;  // it could not be set up
  /// Of before 2023-11, such as Debian 12's.
  bool old = false;
  Networks net;

 private:
  std::string program_;
};

#define NEEDS_TUN() NEEDS(access("/dev/net/tun", R_OK | W_OK) == 0, "needs /dev/net/tun")

/// Ends the test where it cannot be made here; else it goes on with `host`, once for each pasta.
#define RELAY_HOST()                                                       \
  NEEDS_ROOT();                                                            \
  NEEDS(is_lodger(), "a mode of lodger's");                                \
  NEEDS(!::lodger::test::pastas().empty(), "needs pasta (Debian: passt)"); \
  NEEDS_TUN();                                                             \
  const auto pasta = GENERATE_REF(from_range(::lodger::test::pastas()));   \
  CAPTURE(pasta);                                                          \
  const ::lodger::test::RelayHost host(pasta);                             \
  NEEDS(host.why.empty(), host.why)

inline const std::vector<std::string> all_stacks{"tcp4", "tcp6", "udp4", "udp6"};
inline const std::vector<std::string> tcp_stacks{"tcp4", "tcp6"};
bool is_six(const std::string& stack);
bool is_udp(const std::string& stack);

/// "--network relay", or with options.
std::vector<std::string> relay(const std::string& options = "", std::vector<std::string> more = {});

/// `to-host` is refused to a container with CAP_NET_RAW, which the default configuration has.
void without_raw_sockets(nlohmann::json& config);

/// A probe's words for a server of one port in each of the stacks: "stand tcp4 0.0.0.0 80 ; ...". All
/// addresses, or the loopback's.
std::string stand(const std::vector<std::string>& stacks, const std::string& port, bool loopback = false);
/// A server outside of a container; it is ready.
Running serving(const std::string& stands, const std::vector<std::string>& where = {});

/// Who asks: a command line that goes before the probe's.
using Where = std::vector<std::string>;
/// From within a container, whose root filesystem has the probe.
Where inside_of(const Container& container);
/// The answer to one message, "" where there is none in some tenths of a second.
std::string asked(const Where& where, const std::string& stack, const std::string& port,
                  const std::string& address = "");
/// The answers to one message for each of these, "STACK PORT", all asked at once: silence takes its time.
std::vector<std::string> asked_of(const Where& where, const std::vector<std::string>& servers);
/// Whether there is an answer soon: pasta looks once a second who listens.
bool answers(const Where& where, const std::string& stack, const std::string& port,
             const std::string& address = "");

/// What the state says of the relay; its process.
nlohmann::json relay_of(Container& container);
pid_t relay_pid(Container& container);

/// Processes of pasta's name that live in this network, and the relays' cgroups of a bundle.
std::string relays_here();
bool soon_no_relays();
std::vector<std::string> relay_cgroups(const Bundle& bundle);

}  // namespace lodger::test
