// A place on a map, or a force: in two dimensions, where the third is 0, or in three. wideVector.wgsl is its twin for others.
override dimensions: u32 = 2u;

alias Vector = vec3f;

fn place_at(at: u32) -> Vector {
  if (dimensions == 3u) {
    return vec3f(positions[at], positions[at + 1u], positions[at + 2u]);
  }
  return vec3f(positions[at], positions[at + 1u], 0.0);
}

fn component(v: Vector, index: u32) -> f32 {
  return v[index];
}

fn plus(v: Vector, w: Vector) -> Vector {
  return v + w;
}

fn minus(v: Vector, w: Vector) -> Vector {
  return v - w;
}

fn times(factor: f32, v: Vector) -> Vector {
  return factor * v;
}

fn squares(v: Vector) -> f32 {
  return dot(v, v);
}

// Each component within ±most.
fn clip(v: Vector, most: f32) -> Vector {
  return clamp(v, vec3f(-most), vec3f(most));
}
