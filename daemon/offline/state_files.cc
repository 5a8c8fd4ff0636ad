#include "daemon/offline/state_files.h"

#include <algorithm>
#include <system_error>

#include "store/shard.h"

namespace rastro {

std::vector<std::filesystem::path> index_files(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_directory(path, failed)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, failed)) {
    if (parse_shard_name(entry.path().filename().string())) files.push_back(entry.path());
  }
  std::ranges::sort(files, {},
                    [](const auto& file) { return *parse_shard_name(file.filename().string()); });
  return files;
}

}  // namespace rastro
