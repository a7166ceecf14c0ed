#include "image/file_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sys/page.hpp"

namespace pagerd::image {

using sys::page_bytes;

namespace {

// How far beyond a wanted range a hole is marked in passing: one fill per 32 MiB of hole is enough
// then.
constexpr std::uint64_t hole_ahead_pages = 8192;

sys::Result<FileSource> alone(sys::Result<FileLayer> layer) {
  if (!layer.ok()) return layer.error();
  std::vector<FileLayer> layers;
  layers.push_back(layer.take());
  return FileSource::over(std::move(layers));
}

}  // namespace

sys::Result<FileSource> FileSource::over(std::vector<FileLayer> layers) {
  const sys::Error refusal{EINVAL, "layers"};
  if (layers.empty() || layers.size() > layers_max) return refusal;
  std::uint64_t longest = 0;
  for (const FileLayer &layer : layers) longest = std::max(longest, layer.length_bytes());
  for (const FileLayer &layer : layers) {
    const std::uint64_t length = layer.length_bytes();
    if (length % page_bytes != 0 && length != longest) return refusal;
  }
  return FileSource(std::move(layers), longest);
}

sys::Result<FileSource> FileSource::open(const std::string &path) {
  return alone(FileLayer::open(path));
}

sys::Result<FileSource> FileSource::from_descriptor(int descriptor) {
  return alone(FileLayer::from_descriptor(descriptor));
}

std::string FileSource::name_of(std::size_t layer) const {
  if (layers_.size() == 1) return "the file";
  return "layer " + std::to_string(layer + 1) + " of " + std::to_string(layers_.size()) + ", " +
         layers_[layer].path() + ",";
}

// Of all layers: also one that gave nothing may have had its part in that.
std::string FileSource::what_changed() const {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const std::string changed = layers_[layer].what_changed();
    if (!changed.empty()) return name_of(layer) + " changed: " + changed;
  }
  return "";
}

FillReport FileSource::failure(const Obstacle &obstacle) const {
  const std::string changed = what_changed();
  if (!changed.empty()) return {FillOutcome::lost, 0, changed};
  const std::string error =
      std::string(obstacle.error.call) + ": " + std::strerror(obstacle.error.code);
  if (layers_.size() == 1) return {FillOutcome::failed, 0, error};
  return {FillOutcome::failed, 0, name_of(obstacle.layer) + " failed: " + error};
}

std::optional<FileSource::Obstacle> FileSource::plan(std::uint64_t first, std::uint64_t end,
                                                     std::uint64_t limit,
                                                     std::vector<Piece> &pieces) const {
  // Where each layer's data goes on; looked up anew only once it lies behind.
  std::vector<DataRun> ahead(layers_.size(), DataRun{first, first});
  for (std::uint64_t page = first; page < end;) {
    Piece piece{std::nullopt, page, limit};
    for (std::size_t layer = layers_.size(); layer-- > 0 && !piece.layer;) {
      DataRun &run = ahead[layer];
      if (run.end <= page) {
        auto next = layers_[layer].next_run(page, limit);
        if (!next.ok()) return Obstacle{layer, next.error()};
        run = next.value();
      }
      // Newer ones have none here; where they have some again they hide this one.
      const bool has_page = run.first <= page;
      piece.end = std::min(piece.end, has_page ? std::min(run.end, end) : run.first);
      if (has_page) piece.layer = layer;
    }
    PAGERD_CHECK(piece.end > page);
    pieces.push_back(piece);
    page = piece.end;
  }
  return std::nullopt;
}

FillReport FileSource::fill(Image &image, std::uint64_t first, std::uint64_t end,
                            std::span<std::byte> scratch) const {
  PAGERD_CHECK(first < end && end <= image.pages());
  PAGERD_CHECK((end - first) * page_bytes <= scratch.size());
  std::vector<Piece> pieces;
  const auto unknown = plan(first, end, std::min(end + hole_ahead_pages, image.pages()), pieces);
  if (unknown) return failure(*unknown);

  const auto room_of = [&](const Piece &piece) {
    const std::uint64_t from_bytes = piece.first * page_bytes;
    const std::uint64_t end_bytes = std::min(piece.end * page_bytes, image.length_bytes());
    return scratch.subspan(from_bytes - first * page_bytes, end_bytes - from_bytes);
  };
  std::uint64_t bytes_read = 0;
  for (const Piece &piece : pieces) {
    if (!piece.layer) continue;
    const auto into = room_of(piece);
    const auto read = layers_[*piece.layer].read(piece.first * page_bytes, into);
    if (!read.ok()) return failure({*piece.layer, read.error()});
    bytes_read += into.size();
  }
  // Looked and read first, then asked whether the files are still the same: so what is committed
  // was had from the same files.
  const std::string changed = what_changed();
  if (!changed.empty()) return {FillOutcome::lost, 0, changed};

  for (const Piece &piece : pieces) {
    if (piece.layer) {
      image.commit(piece.first, room_of(piece));
    } else {
      image.mark_zero(piece.first, piece.end);
    }
  }
  return {FillOutcome::filled, bytes_read, ""};
}

}  // namespace pagerd::image
