SELECT id, name
FROM t
WHERE id IN <foreach collection="ids" item="x" open="(" separator="," close=")">${x}</foreach>
ORDER BY id
