#include "store/quarantine.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "store/shard.h"

namespace rastro {
namespace {

constexpr std::string_view kBad = ".bad";

// NAME.db.bad, or NAME.db.bad.N for a second one of the same hour.
std::optional<ShardName> parse_bad_name(std::string_view file) {
  const auto at = file.rfind(kBad);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = file.substr(at + kBad.size());
  const bool numbered = rest.starts_with('.') && rest != ".why";
  if (!rest.empty() && !numbered) return std::nullopt;
  return parse_shard_name(file.substr(0, at));
}

std::string read_reason(const std::filesystem::path& bad) {
  std::ifstream in(bad.string() + ".why", std::ios::binary);
  std::string why((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  constexpr std::size_t kReasonMax = 4096;
  if (why.size() > kReasonMax) why.resize(kReasonMax);
  return why.empty() ? "damaged; the reason was not kept" : why;
}

std::vector<std::filesystem::path> bad_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    if (parse_bad_name(entry.path().filename().string())) files.push_back(entry.path());
  }
  return files;
}

FileTrouble trouble_of(const std::string& file, const ShardName& name, std::string why) {
  return {file, name.hour, name.hour + std::chrono::hours(1), std::move(why)};
}

}  // namespace

FileTrouble quarantine_shard(const std::filesystem::path& path, const std::string& why) {
  std::filesystem::path bad = path.string() + std::string(kBad);
  std::error_code failed;
  for (unsigned i = 2; std::filesystem::exists(bad, failed); ++i) {
    bad = path.string() + std::string(kBad) + "." + std::to_string(i);
  }
  std::ofstream(bad.string() + ".why", std::ios::binary) << why;
  std::filesystem::rename(path, bad, failed);
  // Left beside a new file of the old name they would be taken for its own.
  std::filesystem::rename(path.string() + "-wal", bad.string() + "-wal", failed);
  std::filesystem::remove(path.string() + "-shm", failed);
  const auto name = parse_shard_name(path.filename().string());
  return trouble_of(bad.filename().string(), name.value_or(ShardName{}), why);
}

std::vector<FileTrouble> list_quarantined(const std::filesystem::path& directory) {
  std::vector<FileTrouble> troubles;
  for (const auto& bad : bad_files(directory)) {
    const auto file = bad.filename().string();
    troubles.push_back(trouble_of(file, *parse_bad_name(file), read_reason(bad)));
  }
  return troubles;
}

void expire_quarantined(const std::filesystem::path& directory, Time ended_before) {
  for (const auto& bad : bad_files(directory)) {
    const auto name = parse_bad_name(bad.filename().string());
    if (name->hour + std::chrono::hours(1) >= ended_before) continue;
    std::error_code ignored;
    remove_shard_files(bad);
    std::filesystem::remove(bad.string() + ".why", ignored);
  }
}

}  // namespace rastro
