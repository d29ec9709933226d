// Names of users from /etc/passwd itself, passwd(5): a static program has no name service switch to ask.
#pragma once
#include <sys/types.h>

#include <string>

namespace lodger::container {

class Users {
 public:
  /// Reads the file; one that cannot be read names nobody.
  Users();
  /// "alice"; "#1234" where nobody has this number.
  std::string name(uid_t uid) const;

 private:
  std::string text_;
};

}  // namespace lodger::container
