// config.md, "Hostname" and "Domainname".
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

struct Name {
  std::string_view name, value;
};
constexpr std::array names = {
    Name{"plain", "inside"}, Name{"dots", "inside.example.org"}, Name{"one-letter", "a"},
    Name{"longest", "a234567890123456789012345678901234567890123456789012345678901234"}};

utsname ours() {
  utsname now{};
  uname(&now);
  return now;
}

void hostname(Trial& t) {
  Container& box = t.container();
  const std::string before = ours().nodename;
  box.config["hostname"] = names[t.row()].value;
  t.expect_eq("hostname inside", names[t.row()].value, box.inside("uts")["hostname"]);
  t.expect_eq("hostname outside", before, ours().nodename);
}

void domainname(Trial& t) {
  Container& box = t.container();
  const std::string before = ours().domainname;
  box.config["domainname"] = names[t.row()].value;
  t.expect_eq("domainname inside", names[t.row()].value, box.inside("uts")["domainname"]);
  t.expect_eq("domainname outside", before, ours().domainname);
}

/// The new UTS namespace starts as a copy of the runtime's: uts_namespaces(7).
void hostname_unset(Trial& t) {
  Container& box = t.container();
  t.expect_eq("hostname inside", ours().nodename, box.inside("uts")["hostname"]);
}

/// What sethostname(2) cannot do.
void too_long(Trial& t) {
  Container& box = t.container();
  box.config["hostname"] = std::string(65, 'a');
  const Finished created = box.create();
  t.expect_error("a hostname of 65 bytes", created.succeeded() ? box.start() : created);
}

constexpr Clause host_clause = {"config.md", "Hostname", Level::must,
                                "`hostname` (string, OPTIONAL) specifies the container's hostname as seen by "
                                "processes running inside the container."};
constexpr Clause domain_clause = {"config.md", "Domainname", Level::must,
                                  "`domainname` (string, OPTIONAL) specifies the container's domainname as "
                                  "seen by processes running inside the container."};

constexpr Case single[] = {
    {"config-hostname/unset", host_clause, hostname_unset},
    {"config-hostname/too-long-is-error",
     {"config.md", "Valid values", Level::must,
      "Runtimes MUST generate an error when invalid or unsupported values are encountered."},
     too_long},
};
constexpr auto cases =
    joined(std::to_array(single), each(names, {"config-hostname/set", host_clause, hostname}),
           each(names, {"config-domainname/set", domain_clause, domainname}));

}  // namespace

std::span<const Case> config_hostname_cases() { return cases; }

}  // namespace conformance
