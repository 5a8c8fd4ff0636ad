#include "daemon/source/log_family.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

#include "core/ascii.h"

namespace rastro {
namespace {

constexpr std::array<std::string_view, 4> kPacked = {".gz", ".bz2", ".xz", ".zst"};

bool is_separator(char c) { return c == '.' || c == '-' || c == '_'; }

bool take_packed_ending(std::string_view& name) {
  for (const auto ending : kPacked) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      name.remove_suffix(ending.size());
      return true;
    }
  }
  return false;
}

// ".2", "-20261123", ".2026-11-23", "-20261123-1795478400", "-2026112313", "-1795478400" (%s).
std::optional<Rotation> parse_suffix(std::string_view suffix) {
  if (suffix.size() < 2 || !is_separator(suffix.front())) return std::nullopt;
  const char separator = suffix.front();
  suffix.remove_prefix(1);
  if (!is_digit(suffix.front()) || !is_digit(suffix.back())) return std::nullopt;
  std::string digits;
  bool plain = true;
  for (const char c : suffix) {
    if (is_digit(c)) {
      digits.push_back(c);
    } else if (is_separator(c) || c == 'T' || c == ':') {
      plain = false;
    } else {
      return std::nullopt;
    }
  }
  if (plain && separator == '.' && digits.size() <= 4) {
    Rotation rotation{Rotation::Kind::number, 0, {}};
    std::from_chars(digits.data(), digits.data() + digits.size(), rotation.number);
    return rotation;
  }
  const bool date = digits.size() >= 6 && digits.size() <= 24 && digits.starts_with("20") &&
                    digits.substr(4, 2) >= "01" && digits.substr(4, 2) <= "12";
  const bool epoch = digits.size() == 10 && digits.front() == '1';
  if (!date && !epoch) return std::nullopt;
  return Rotation{Rotation::Kind::date, 0, std::move(digits)};
}

// "mail.log" -> "mail", ".log"; logrotate's `extension` puts the rotation between the two.
std::size_t extension_at(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return name.size();
  const auto letters = name.substr(dot + 1);
  const bool all = std::all_of(letters.begin(), letters.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return all ? dot : name.size();
}

// Where a rotation suffix at the end of `name` begins, its leading separator included.
std::optional<std::size_t> suffix_at(std::string_view name) {
  auto begin = name.size();
  while (begin > 0 &&
         (is_digit(name[begin - 1]) || is_separator(name[begin - 1]) || name[begin - 1] == ':')) {
    --begin;
  }
  // The run may hold more than the suffix ("mx-1.log" has none, "mx.2-20261123" has two parts):
  // the longest tail of it that reads as one.
  for (; begin < name.size(); ++begin) {
    if (begin > 0 && is_separator(name[begin]) && parse_suffix(name.substr(begin))) return begin;
  }
  return std::nullopt;
}

// Newest first.
bool newer(const FamilyMember& a, const FamilyMember& b) {
  if (a.rotation.kind != b.rotation.kind) return a.rotation.kind < b.rotation.kind;
  if (a.rotation.number != b.rotation.number) return a.rotation.number < b.rotation.number;
  if (a.rotation.date != b.rotation.date) return a.rotation.date > b.rotation.date;
  if (a.compressed_name != b.compressed_name) return b.compressed_name;
  return a.path < b.path;
}

// A family with numbers and dates: somebody changed the rotation's settings, and only the files'
// times can order the two. Files that the times cannot tell apart keep the order of names.
void order_mixed(std::vector<FamilyMember>& members) {
  using Timed = std::pair<std::int64_t, FamilyMember>;
  std::vector<Timed> timed;
  for (auto& member : members) {
    struct stat is {};
    std::int64_t modified = 0;
    if (::lstat(member.path.c_str(), &is) == 0) modified = is.st_mtim.tv_sec;
    timed.emplace_back(modified, std::move(member));
  }
  std::stable_sort(timed.begin(), timed.end(), [](const Timed& a, const Timed& b) {
    const bool a_base = a.second.rotation.kind == Rotation::Kind::none;
    const bool b_base = b.second.rotation.kind == Rotation::Kind::none;
    return a_base != b_base ? a_base : a.first > b.first;
  });
  members.clear();
  for (auto& [modified, member] : timed) members.push_back(std::move(member));
}

}  // namespace

std::optional<Rotation> rotation_of(std::string_view name, std::string_view base) {
  if (name == base) return Rotation{};
  if (name.starts_with(base)) {
    auto rest = name.substr(base.size());
    if (std::find(kPacked.begin(), kPacked.end(), rest) != kPacked.end()) return Rotation{};
    take_packed_ending(rest);
    if (auto rotation = parse_suffix(rest)) return rotation;
  }
  take_packed_ending(name);
  const auto dot = extension_at(base);
  const auto stem = base.substr(0, dot);
  const auto extension = base.substr(dot);
  if (extension.empty() || name.size() <= base.size()) return std::nullopt;
  if (!name.starts_with(stem) || !name.ends_with(extension)) return std::nullopt;
  return parse_suffix(name.substr(stem.size(), name.size() - base.size()));
}

std::string base_of(std::string_view name) {
  auto plain = name;
  const bool packed = take_packed_ending(plain);
  if (const auto begin = suffix_at(plain)) return std::string(plain.substr(0, *begin));
  const auto dot = extension_at(plain);
  if (dot < plain.size()) {
    if (const auto begin = suffix_at(plain.substr(0, dot))) {
      return std::string(plain.substr(0, *begin)) + std::string(plain.substr(dot));
    }
  }
  return std::string(packed ? plain : name);
}

Result<std::vector<FamilyMember>> list_family(const std::string& directory,
                                              const std::string& base) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), &::closedir);
  if (!entries) {
    const auto code = errno == ENOENT ? Error::Code::not_found : Error::Code::unavailable;
    return make_error(code, "open " + directory + ": " + std::generic_category().message(errno));
  }
  std::vector<FamilyMember> members;
  bool numbers = false;
  bool dates = false;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    auto rotation = rotation_of(name, base);
    if (!rotation) continue;
    numbers = numbers || rotation->kind == Rotation::Kind::number;
    dates = dates || rotation->kind == Rotation::Kind::date;
    auto rest = name;
    members.push_back({directory + "/" + std::string(name), std::move(*rotation),
                       name != base && take_packed_ending(rest)});
  }
  std::sort(members.begin(), members.end(), newer);
  if (numbers && dates) order_mixed(members);
  if (members.size() > kFamilyMax) members.resize(kFamilyMax);
  return members;
}

}  // namespace rastro
