#include "daemon/source/raw_lines.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "core/framing.h"
#include "daemon/source/fingerprint.h"
#include "daemon/source/log_family.h"

namespace rastro {
namespace {

bool starts_alike(const SourcePosition& position, Content& content) {
  if (position.head_length == 0) return false;
  const auto head = read_head(content);
  return head.size() >= position.head_length &&
         fingerprint(std::string_view(head).substr(0, position.head_length)) == position.head_hash;
}

// Whether rotation has left the file that name.
bool is_named(const std::string& path, const OpenedFile& file) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && found.st_dev == file.device &&
         found.st_ino == file.inode;
}

Error gone(const std::string& path) {
  return make_error(Error::Code::not_found, path + ": the log that held this line is gone");
}

Error took_too_long() { return make_error(Error::Code::limit, "reading the log took too long"); }

}  // namespace

void RawLines::know(const std::vector<SourcePosition>& positions) {
  for (const auto& position : positions) positions_.insert_or_assign(position.source, position);
}

std::string RawLines::source_path(std::uint32_t source) const {
  const auto known = positions_.find(source);
  return known == positions_.end() ? std::string() : known->second.path;
}

std::string RawLines::moved_to(std::uint32_t source) const {
  // The last used stands first.
  if (open_.empty() || open_.front().source != source) return "";
  const auto& path = open_.front().path;
  return path == source_path(source) ? "" : path;
}

// Reads on through an archive in slices, so that the deadline is looked at.
Result<void> RawLines::skip_to(Content& content, std::uint64_t from, std::uint64_t offset) const {
  constexpr std::uint64_t kSlice = 1 << 20;
  if (content.growing()) return {};
  char byte = 0;
  for (auto at = from; at < offset; at += kSlice) {
    if (late()) return took_too_long();
    const auto got = content.read_at(at, &byte, 1);
    if (!got) return got.error();
    if (*got == 0) return {};
  }
  return {};
}

Result<std::string> RawLines::read_bytes(Content& content, std::uint64_t offset,
                                         std::size_t length) const {
  std::string bytes(length, '\0');
  std::size_t have = 0;
  while (have < length) {
    if (late()) return took_too_long();
    const auto got = content.read_at(offset + have, bytes.data() + have, length - have);
    if (!got) return got.error();
    if (*got == 0) break;
    have += *got;
  }
  bytes.resize(have);
  return bytes;
}

Result<RawLines::NamedFile> RawLines::search(const SourcePosition& position) const {
  const auto slash = position.path.rfind('/');
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : position.path.substr(0, slash);
  const auto name = slash == std::string::npos ? position.path : position.path.substr(slash + 1);
  std::vector<FamilyMember> members{{position.path, {}, false}};
  for (const auto& base : {name, base_of(name)}) {
    auto family = list_family(directory, base);
    if (family) members.insert(members.end(), family->begin(), family->end());
    if (base == base_of(name)) break;
  }
  std::vector<NamedFile> alike;
  for (const auto& member : members) {
    if (late()) return took_too_long();
    auto file = open_content(member.path, symlinks_);
    if (!file || !starts_alike(position, *file->content)) continue;
    const bool twice = std::any_of(alike.begin(), alike.end(), [&](const auto& other) {
      return other.file.device == file->device && other.file.inode == file->inode;
    });
    if (twice) continue;
    // A plain file is told apart at once; archives only when the head alone does not.
    if (!file->compressed) {
      const auto head = read_head(*file->content);
      if (same_content(position, head, *file->content))
        return NamedFile{std::move(*file), member.path};
      continue;
    }
    alike.push_back({std::move(*file), member.path});
  }
  for (auto& one : alike) {
    if (alike.size() == 1) return std::move(one);
    auto& content = *one.file.content;
    if (const auto walked = skip_to(content, 0, position.offset); !walked) {
      if (walked.error().code == Error::Code::limit) return walked.error();
    }
    if (same_content(position, read_head(content), content)) return std::move(one);
  }
  return gone(position.path);
}

Result<RawLines::Open*> RawLines::find(const SourcePosition& position) {
  const auto cached = std::find_if(
      open_.begin(), open_.end(), [&](const auto& open) { return open.source == position.source; });
  if (cached != open_.end()) {
    // An archive is complete; a log may have been truncated since.
    if (!cached->file.content->growing() || starts_alike(position, *cached->file.content)) {
      if (!cached->path.empty() && !is_named(cached->path, cached->file)) {
        auto moved = search(position);
        cached->path = moved ? std::move(moved->path) : std::string();
      }
      open_.splice(open_.begin(), open_, cached);
      return &open_.front();
    }
    open_.erase(cached);
  }
  auto found = search(position);
  if (!found) return found.error();
  open_.push_front({position.source, std::move(found->file), std::move(found->path), 0});
  if (open_.size() > kOpenMax) open_.pop_back();
  return &open_.front();
}

Result<std::string> RawLines::read(const LineRef& line) {
  const auto known = positions_.find(line.source);
  if (known == positions_.end()) {
    return make_error(Error::Code::not_found, "the log that held this line is not known");
  }
  const auto found = find(known->second);
  if (!found) return found.error();
  auto& open = **found;
  auto& content = *open.file.content;
  // A little back costs nothing (archive.h); far back starts over.
  const bool ahead = line.offset + 128 * 1024 >= open.reached;
  if (auto walked = skip_to(content, ahead ? open.reached : 0, line.offset); !walked) {
    return walked.error();
  }
  const auto wanted = std::min<std::size_t>(line.length, LineFramer::kLineBytesMax);
  auto bytes = read_bytes(content, line.offset, wanted);
  if (!bytes) return bytes.error();
  open.reached = line.offset + bytes->size();
  if (bytes->size() < wanted) return gone(known->second.path);
  std::string text;
  // The same trimming as when it was read first.
  struct Keep final : LineSink {
    explicit Keep(std::string& into) : into_(into) {}
    void on_line(const RawLine& raw) override { into_.assign(raw.text); }
    std::string& into_;
  } keep(text);
  LineFramer framer(keep);
  framer.feed(*bytes);
  framer.finish();
  return text;
}

}  // namespace rastro
