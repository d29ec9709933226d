// lodger as an ordinary user calls it.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "container.hpp"
#include "needs.hpp"

namespace lodger::test {

inline constexpr const char* ordinary_user = "54321";  // nobody's

std::vector<std::string> as_user(const std::vector<std::string>& command);

/// Why this machine has no user namespaces for ordinary users; empty where it has.
std::string barred();

#define NEEDS_ORDINARY_USER()                      \
  NEEDS_ROOT();                                    \
  NEEDS(is_lodger(), "checks lodger's own words"); \
  if (const auto why = ::lodger::test::barred(); !why.empty()) SKIP_TEST(why)

/// A bundle that belongs to the user, with what `spec --rootless` writes, and a copy of lodger that the user
/// can reach.
class UserBundle {
 public:
  explicit UserBundle(const std::string& probe_line = "ids", const Edit& edit = {});
  UserBundle(const UserBundle&) = delete;
  UserBundle& operator=(const UserBundle&) = delete;
  ~UserBundle();

  void edit(const Edit& change) { bundle_.edit(change); }
  std::string beside(const std::string& name) const { return bundle_.beside(name); }

  /// The command line of lodger as the user, `wrapped` in another program's.
  std::vector<std::string> line(const std::vector<std::string>& args,
                                const std::vector<std::string>& wrapped = {}) const;
  Finished call(const std::vector<std::string>& args, const std::vector<std::string>& wrapped = {}) const {
    return run_command(line(args, wrapped));
  }
  Finished run(const std::vector<std::string>& wrapped = {}) const {
    return call({"run", "--bundle", bundle_.path(), "c"}, wrapped);
  }
  /// What is left of containers in the state root.
  std::string left() const { return run_command({"/bin/ls", beside("run/lodger")}).out; }

 private:
  Bundle bundle_;
};

/// Takes the entries of a type out of namespaces or mounts.
void without(nlohmann::json& list, const char* type);
void without_user_namespace(nlohmann::json& config);

}  // namespace lodger::test
