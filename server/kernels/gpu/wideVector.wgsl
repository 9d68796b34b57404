// A place on a map, or a force: in up to twelve dimensions. flatVector.wgsl is its twin for two and three.
override dimensions: u32 = 4u;

// Four components each; those beyond `dimensions` are 0. Not an array: that is kept in slow memory as soon as it is indexed by a variable.
struct Vector {
  a: vec4f,
  b: vec4f,
  c: vec4f,
};

fn place_at(at: u32) -> Vector {
  var place = Vector(four_at(at, 0u), vec4f(0), vec4f(0));
  if (dimensions > 4u) {
    place.b = four_at(at, 4u);
  }
  if (dimensions > 8u) {
    place.c = four_at(at, 8u);
  }
  return place;
}

// Components from `first` on. Reading past the end of a buffer is defined in WGSL, and gives one of its numbers.
fn four_at(at: u32, first: u32) -> vec4f {
  let begin = at + first;
  let all = vec4f(positions[begin], positions[begin + 1u], positions[begin + 2u], positions[begin + 3u]);
  return select(vec4f(0), all, first + vec4u(0, 1, 2, 3) < vec4u(dimensions));
}

fn component(v: Vector, index: u32) -> f32 {
  if (index < 4u) {
    return v.a[index];
  }
  if (index < 8u) {
    return v.b[index - 4u];
  }
  return v.c[index - 8u];
}

fn plus(v: Vector, w: Vector) -> Vector {
  return Vector(v.a + w.a, v.b + w.b, v.c + w.c);
}

fn minus(v: Vector, w: Vector) -> Vector {
  return Vector(v.a - w.a, v.b - w.b, v.c - w.c);
}

fn times(factor: f32, v: Vector) -> Vector {
  return Vector(factor * v.a, factor * v.b, factor * v.c);
}

fn squares(v: Vector) -> f32 {
  return dot(v.a, v.a) + dot(v.b, v.b) + dot(v.c, v.c);
}

// Each component within ±most.
fn clip(v: Vector, most: f32) -> Vector {
  let least = vec4f(-most);
  return Vector(clamp(v.a, least, -least), clamp(v.b, least, -least), clamp(v.c, least, -least));
}
