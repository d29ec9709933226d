// Checkpoint and restore: refused. Their flags are read, so that callers get this answer rather than one
// about a flag, and so that a wrong call is told as such.
#include "runtime/cli/command.hpp"

namespace lodger::cli {
namespace {

/// Where the values of flags go that nobody will look at.
struct Unused {
  bool yes = false;
  std::string text;
  std::vector<std::string> list;
};

void add_common(std::vector<Flag>& flags, Unused& unused) {
  const Flag common[] = {
      {"image-path", 0, "DIR", "folder of the image (default: ./checkpoint)", &unused.text},
      {"work-path", 0, "DIR", "folder of CRIU's own files and logs", &unused.text},
      {"tcp-established", 0, "", "with established TCP connections", &unused.yes},
      {"tcp-skip-in-flight", 0, "", "without TCP connections that are being made", &unused.yes},
      {"tcp-close", 0, "", "closing TCP connections", &unused.yes},
      {"link-remap", 0, "", "with files that have been unlinked", &unused.yes},
      {"ext-unix-sk", 0, "", "with unix sockets to the outside", &unused.yes},
      {"shell-job", 0, "", "with a terminal", &unused.yes},
      {"lazy-pages", 0, "", "memory on demand", &unused.yes},
      {"file-locks", 0, "", "with file locks", &unused.yes},
      {"manage-cgroups-mode", 0, "MODE", "soft, full, strict or ignore", &unused.text},
      {"network-lock", 0, "METHOD", "how the network is held meanwhile", &unused.text},
      {"empty-ns", 0, "NAMESPACE", "without what is in this namespace; may be repeated", &unused.list},
      {"auto-dedup", 0, "", "drop pages that a later image has again", &unused.yes},
  };
  flags.insert(flags.end(), std::begin(common), std::end(common));
}

std::unexpected<Failure> unavailable(std::string_view command) {
  return refuse(std::string(command) +
                    ": not available: this version of lodger cannot write containers to disk or read them "
                    "back (CRIU); the container is untouched",
                ENOSYS);
}

}  // namespace

Outcome<int> checkpoint(const Context& context, Words words) {
  Unused unused;
  std::vector<Flag> flags;
  add_common(flags, unused);
  const Flag own[] = {
      {"parent-path", 0, "DIR", "folder of an earlier image", &unused.text},
      {"leave-running", 0, "", "let the container go on afterwards", &unused.yes},
      {"status-fd", 0, "N", "descriptor to tell that the page server is ready", &unused.text},
      {"page-server", 0, "ADDRESS:PORT", "where to send memory", &unused.text},
      {"pre-dump", 0, "", "memory alone, the container goes on", &unused.yes},
  };
  flags.insert(flags.end(), std::begin(own), std::end(own));
  const Usage usage{"checkpoint", "<container-id>",
                    "Not available in this version: writes a container to disk.", 1, 1};
  if (!TRY(arguments(context, words, usage, flags))) return 0;
  return unavailable("checkpoint");
}

Outcome<int> restore(const Context& context, Words words) {
  Unused unused;
  std::vector<Flag> flags;
  add_common(flags, unused);
  const Flag own[] = {
      {"bundle", 'b', "DIR", "folder of the bundle (default: the current one)", &unused.text},
      {"console-socket", 0, "SOCKET", "where to send the terminal's master end", &unused.text},
      {"detach", 'd', "", "return once the process goes on", &unused.yes},
      {"pid-file", 0, "FILE", "where to write the process id", &unused.text},
      {"no-subreaper", 0, "", "do not adopt orphans of the container", &unused.yes},
      {"no-pivot", 0, "", "change the root without pivot_root", &unused.yes},
      {"lsm-profile", 0, "TYPE:LABEL", "another label for the process", &unused.text},
      {"lsm-mount-context", 0, "CONTEXT", "another SELinux context for mounts", &unused.text},
  };
  flags.insert(flags.end(), std::begin(own), std::end(own));
  const Usage usage{"restore", "<container-id>",
                    "Not available in this version: makes a container of an image.", 1, 1};
  if (!TRY(arguments(context, words, usage, flags))) return 0;
  return unavailable("restore");
}

}  // namespace lodger::cli
