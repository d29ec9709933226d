// Small files and folders, read and made whole.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The whole file; empty where it cannot be read.
std::string read_file(const std::string& path);
/// Makes or replaces a file; throws std::system_error.
void write_file(const std::string& path, std::string_view text, unsigned mode = 0644);
/// Makes a folder with exactly this mode; throws std::system_error where it cannot (EEXIST is no error).
void make_folder(const std::string& path, unsigned mode = 0755);
bool exists(const std::string& path);
/// Where a symbolic link leads, as proc(5) has them for namespaces: "net:[4026531840]"; empty where there is
/// none.
std::string link_target(const std::string& path);
/// The names in a folder, sorted, without "." and "..".
std::vector<std::string> names_in(const std::string& folder);
/// Removes a folder with all that lies below, never crossing into another mount.
void remove_tree(const std::string& path);

}  // namespace support
