// An administrator's word on network modes, as plain data, and from its document.
// docs/policy.schema.json says the same as a schema; a test holds the two to each other.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/publish.hpp"

namespace lodger::policy {

/// Where a container's network can be. `joined`: in a namespace that was there before, and is not the host's.
enum class Mode : std::uint8_t { host, bridge, relay, none, joined };
/// "host", "bridge", ... as in the document and behind --network.
std::string_view name_of(Mode mode);

/// What a container can be asked to have, or not to have.
enum class Condition : std::uint8_t {
  bind,              // host mode's list of ports to bind
  private_abstract,  // the host's abstract sockets are out of reach: of host mode
  ports,             // a relay's list of ports that it lets in
  to_host,           // a relay's list of the host's ports that it lets out to
  user_namespace,    // it is not in the first one
  no_net_admin,      // this capability is in none of its sets
  no_net_raw,
  no_sys_admin,
};
/// As the document spells it: those of one mode as its options.
std::string_view name_of(Condition condition);
/// Whether there is such a thing in this mode.
bool concerns(Condition condition, Mode mode);

/// About one mode: allowed, denied, or denied unless all of the conditions hold.
struct Rule {
  bool denied = false;
  std::vector<Condition> unless;
};

/// Whether an annotation may choose the mode.
enum class Annotations : std::uint8_t {
  deny,
  narrow,  // off the host's stack alone
  allow,
};

/// What is not said is as if there were no policy.
struct Rules {
  Rule host, bridge, relay;
  std::optional<std::vector<netmode::Ports>> publish;  // these ports of the host alone; not set: all
  Annotations annotations = Annotations::narrow;

  /// None for the modes that nobody can take anything from.
  const Rule* about(Mode mode) const;
};

/// A document that is in force, and the file that it is from.
struct Policy {
  std::string file;
  Rules rules;
};

/// Strict: what is not known, said twice, null, or spelled in another case is refused, with the file's name
/// and its place there. A word that is passed over would be a lock that does not lock.
Outcome<Rules> parse(std::string_view text, std::string_view file);

/// A rule in words, for people.
struct Said {
  std::string name, words;
  bool limits = false;  // it takes away what there is without a policy
};
std::vector<Said> told(const Rules& rules);

}  // namespace lodger::policy
