#pragma once

#include <filesystem>
#include <vector>

namespace rastro {

// The index files that `path` means: itself, or all of a state directory, oldest first.
std::vector<std::filesystem::path> index_files(const std::filesystem::path& path);

}  // namespace rastro
