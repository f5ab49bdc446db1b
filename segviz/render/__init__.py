"""Arrays to pictures: map tiles, slices and thumbnails as PNG or JPEG bytes."""
