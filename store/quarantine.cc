#include "store/quarantine.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "store/shard.h"
#include "store/sqlite.h"

namespace rastro {
namespace {

constexpr std::string_view kBad = ".bad";
constexpr const char* kReadingAgain = "reading";
constexpr const char* kReadAgain = "done";

// NAME.db.bad, or NAME.db.bad.N for a second one of the same hour.
std::optional<ShardName> parse_bad_name(std::string_view file) {
  const auto at = file.rfind(kBad);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = file.substr(at + kBad.size());
  const bool numbered = rest.size() > 1 && rest.front() == '.' &&
                        rest.find_first_not_of("0123456789", 1) == rest.npos;
  if (!rest.empty() && !numbered) return std::nullopt;
  return parse_shard_name(file.substr(0, at));
}

std::filesystem::path note_beside(const std::filesystem::path& bad) {
  return bad.string() + ".again";
}

// "" : it is not read again.
std::string read_note(const std::filesystem::path& bad) {
  std::string note;
  std::ifstream in(note_beside(bad));
  std::getline(in, note);
  return note;
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

// The end of what the files before hold. A batch goes whole into the file of its last line, so that
// after a backlog a file holds hours before the one in its name. nullopt: there is none before.
std::optional<Time> end_before(const std::filesystem::path& directory, const ShardName& name) {
  std::optional<ShardName> before;
  std::filesystem::path path;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    const auto file = entry.path().filename().string();
    auto other = parse_shard_name(file);
    if (!other) other = parse_bad_name(file);
    if (!other || !(*other < name) || (before && *other < *before)) continue;
    before = other;
    path = entry.path();
  }
  if (!before) return std::nullopt;
  // One that cannot be read itself may end as early as its hour begins.
  if (parse_bad_name(path.filename().string())) return before->hour;
  auto database = Database::open(path, Database::Mode::read_only);
  if (!database) return before->hour;
  const auto state = load_state(*database);
  return database->take_error() ? state.activity_max.value_or(before->hour) : before->hour;
}

FileTrouble trouble_of(const std::filesystem::path& directory, const std::string& file,
                       const ShardName& name, std::string why) {
  const auto from = end_before(directory, name).value_or(Time::min());
  return {file, std::min(from, name.hour), name.hour + std::chrono::hours(1), std::move(why)};
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
  return trouble_of(path.parent_path(), bad.filename().string(), name.value_or(ShardName{}), why);
}

std::vector<FileTrouble> list_quarantined(const std::filesystem::path& directory) {
  std::vector<FileTrouble> troubles;
  for (const auto& bad : bad_files(directory)) {
    const auto file = bad.filename().string();
    if (read_note(bad) == kReadAgain) continue;
    if (const auto name = parse_bad_name(file))
      troubles.push_back(trouble_of(directory, file, *name, read_reason(bad)));
  }
  return troubles;
}

void expire_quarantined(const std::filesystem::path& directory, Time ended_before) {
  for (const auto& bad : bad_files(directory)) {
    const auto name = parse_bad_name(bad.filename().string());
    if (!name || name->hour + std::chrono::hours(1) >= ended_before) continue;
    std::error_code ignored;
    remove_shard_files(bad);
    std::filesystem::remove(bad.string() + ".why", ignored);
    std::filesystem::remove(note_beside(bad), ignored);
  }
}

void note_reading_again(const std::filesystem::path& bad) {
  std::ofstream(note_beside(bad)) << kReadingAgain << '\n';
}

std::size_t note_read_again(const std::filesystem::path& directory) {
  std::size_t noted = 0;
  for (const auto& bad : bad_files(directory)) {
    if (read_note(bad) != kReadingAgain) continue;
    std::ofstream(note_beside(bad)) << kReadAgain << '\n';
    ++noted;
  }
  return noted;
}

}  // namespace rastro
