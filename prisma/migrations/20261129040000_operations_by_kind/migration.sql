-- CreateIndex
CREATE INDEX "operations_environment_id_kind_id_idx" ON "operations"("environment_id", "kind", "id");
