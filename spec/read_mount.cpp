// mounts[], and the id mappings that mounts and user namespaces share.
#include "spec/read_model.hpp"
#include "spec/text.hpp"

namespace lodger::spec {

namespace {

/// The destination without ".", ".." and doubled slashes, below "/" even where it was relative: config.md
/// ("Mounts") has old configurations in mind. Purely lexical; symlinks are met when the path is walked.
std::string clean(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const auto part = cut(path, '/');
    if (part == "..")
      out.resize(out.empty() ? 0 : out.rfind('/'));
    else if (!part.empty() && part != ".")
      out.append("/").append(part);
  }
  return out.empty() ? "/" : out;
}

}  // namespace

bool read(Value value, IdMapping& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("containerID", out.container_id) && in.required("hostID", out.host_id) &&
         in.required("size", out.size);
}

bool read(Value value, Mount& out, const Where& where) {
  const Object in(value, where);
  if (!in || !in.required("destination", out.destination)) return false;
  if (out.destination.empty()) return Where(where, "destination").refuse("must not be empty");
  out.destination = clean(out.destination);
  return in.optional("type", out.type) && in.optional("source", out.source) &&
         in.optional("options", out.options) && in.optional("uidMappings", out.uid_mappings) &&
         in.optional("gidMappings", out.gid_mappings);
}

}  // namespace lodger::spec
