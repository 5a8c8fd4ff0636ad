#include "store/dictionary.h"

#include <algorithm>

namespace rastro {
namespace {

constexpr std::size_t kChangingWordMin = 6;

// Words that differ from message to message: addresses, ids, stamps.
bool is_changing(std::string_view word) {
  if (word.find('@') != std::string_view::npos) return true;
  return word.size() >= kChangingWordMin &&
         std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

SplitReply split_reply(std::string_view text) {
  if (text.empty()) return {};
  if (text.find(kPartMark) != std::string_view::npos) return {std::nullopt, text};
  std::size_t first = std::string_view::npos;
  std::size_t last = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (is_changing(text.substr(at, end - at))) {
      first = std::min(first, at);
      last = end;
    }
    at = end + 1;
  }
  if (first == std::string_view::npos) return {std::string(text), std::nullopt};
  if (first == 0 && last == text.size()) return {std::nullopt, text};
  std::string template_text(text.substr(0, first));
  template_text += kPartMark;
  template_text += text.substr(last);
  return {std::move(template_text), text.substr(first, last - first)};
}

std::string join_reply(const std::optional<std::string>& template_text,
                       const std::optional<std::string_view>& part) {
  if (!template_text) return std::string(part.value_or(std::string_view()));
  if (!part) return *template_text;
  std::string text = *template_text;
  const auto at = text.find(kPartMark);
  if (at != std::string::npos) text.replace(at, 1, *part);
  return text;
}

DictionaryWriter::DictionaryWriter(Database& database, std::uint64_t seed)
    : database_(database),
      insert_name_(database.prepare("INSERT INTO name(id, value) VALUES(?1, ?2)")),
      insert_endpoint_(
          database.prepare("INSERT INTO endpoint(id, host, ip, port) VALUES(?1, ?2, ?3, ?4)")),
      names_(0, Hash{SeededHash(seed)}),
      endpoints_(0, Hash{SeededHash(seed)}) {
  forget();
}

void DictionaryWriter::forget() {
  names_.clear();
  endpoints_.clear();
  remembered_bytes_ = 0;
  next_name_ = database_.query_int("SELECT max(id) FROM name").value_or(0) + 1;
  next_endpoint_ = database_.query_int("SELECT max(id) FROM endpoint").value_or(0) + 1;
}

void DictionaryWriter::remember(Known& known, std::string_view value, std::int64_t id) {
  constexpr std::size_t kEntryBytes = 64;
  if (remembered_bytes_ > kRememberedBytesMax) {
    names_.clear();
    endpoints_.clear();
    remembered_bytes_ = 0;
  }
  remembered_bytes_ += value.size() + kEntryBytes;
  known.emplace(value, id);
}

std::int64_t DictionaryWriter::name_id(std::string_view value) {
  if (value.empty()) return 0;
  if (const auto found = names_.find(value); found != names_.end()) return found->second;
  const auto id = next_name_++;
  insert_name_.bind(1, id).bind_text(2, value).run();
  remember(names_, value, id);
  return id;
}

std::int64_t DictionaryWriter::endpoint_id(const Endpoint& endpoint, bool with_port) {
  const std::uint16_t port = with_port ? endpoint.port : 0;
  if (endpoint.empty() && port == 0) return 0;
  scratch_.assign(endpoint.host);
  scratch_ += '\0';
  scratch_ += endpoint.ip;
  scratch_ += '\0';
  // The lengths keep a NUL inside a host apart from the ones between the parts.
  scratch_ += std::to_string(port) + "," + std::to_string(endpoint.host.size());
  if (const auto found = endpoints_.find(scratch_); found != endpoints_.end()) {
    return found->second;
  }
  const auto id = next_endpoint_++;
  insert_endpoint_.bind(1, id)
      .bind_text(2, endpoint.host)
      .bind_text(3, endpoint.ip)
      .bind(4, std::int64_t{port});
  insert_endpoint_.run();
  remember(endpoints_, scratch_, id);
  return id;
}

DictionaryReader::DictionaryReader(Database& database)
    : select_name_(database.prepare("SELECT value FROM name WHERE id = ?1")),
      select_endpoint_(database.prepare("SELECT host, ip, port FROM endpoint WHERE id = ?1")) {}

const std::string& DictionaryReader::name(std::int64_t id) {
  if (const auto found = names_.find(id); found != names_.end()) return found->second;
  if (names_.size() >= kCachedMax) names_.clear();
  std::string value;
  if (id != 0) {
    select_name_.bind(1, id);
    if (select_name_.step()) value = select_name_.column_bytes(0);
    select_name_.reset();
  }
  return names_.emplace(id, std::move(value)).first->second;
}

const Endpoint& DictionaryReader::endpoint(std::int64_t id) {
  if (const auto found = endpoints_.find(id); found != endpoints_.end()) return found->second;
  if (endpoints_.size() >= kCachedMax) endpoints_.clear();
  Endpoint value;
  if (id != 0) {
    select_endpoint_.bind(1, id);
    if (select_endpoint_.step()) {
      value.host = select_endpoint_.column_bytes(0);
      value.ip = select_endpoint_.column_bytes(1);
      value.port = static_cast<std::uint16_t>(select_endpoint_.column_int(2));
    }
    select_endpoint_.reset();
  }
  return endpoints_.emplace(id, std::move(value)).first->second;
}

}  // namespace rastro
